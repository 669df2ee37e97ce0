import type { Findings } from "./finding.ts";
import { parseAttributes } from "./parse-playlist.ts";
import type { MeasuredSegment } from "./rendition-follower.ts";

export interface Variant {
	/** Of its playlist, as written. */
	uri: string;
	/** Bits per second that are announced; undefined for a rendition of a group. */
	bandwidth: number | undefined;
}

/** What a multivariant playlist must be. Returns every media playlist it names, each once. */
export function checkMultivariant(text: string, findings: Findings): Variant[] {
	findings.expect(text.startsWith("#EXTM3U\n"), 1, "the multivariant playlist does not begin with #EXTM3U");
	findings.expect(text.includes("#EXT-X-INDEPENDENT-SEGMENTS"), 45, "no EXT-X-INDEPENDENT-SEGMENTS");
	const variants = [...text.matchAll(/^#EXT-X-STREAM-INF:(.*)\n(.*)$/gm)].map(([, list = "", uri = ""]) => {
		const attributes = parseAttributes(list);
		const wanted = [
			"BANDWIDTH",
			"AVERAGE-BANDWIDTH",
			"CODECS",
			...(isVideo(attributes) ? ["RESOLUTION", "FRAME-RATE"] : []),
		];
		for (const name of wanted) findings.expect(attributes[name] !== undefined, 44, `${uri}: no ${name}`);
		return { uri, attributes };
	});
	findings.expect(variants.length > 0, 44, "no variants");
	const sounds = checkAudio(text, variants, findings);
	const listed = [
		...variants.map(({ uri, attributes }) => ({ uri, bandwidth: Number(attributes["BANDWIDTH"]) })),
		...sounds.map((uri) => ({ uri, bandwidth: undefined })),
	];
	return listed.filter(({ uri }, index) => listed.findIndex((one) => one.uri === uri) === index);
}

/** Sound for those who have no room for pictures; and where it is apart, groups in which it is found. */
function checkAudio(
	text: string,
	variants: { uri: string; attributes: Record<string, string> }[],
	findings: Findings,
): string[] {
	const hasVideo = variants.some(({ attributes }) => isVideo(attributes));
	const soundAlone = variants.some(
		({ attributes }) => /mp4a|opus|ec-3|ac-3|flac/i.test(attributes["CODECS"] ?? "") && !isVideo(attributes),
	);
	findings.expect(!hasVideo || soundAlone, 46, "no variant of sound alone");
	const renditions = [...text.matchAll(/^#EXT-X-MEDIA:(.*)$/gm)]
		.map(([, list = ""]) => parseAttributes(list))
		.filter(({ TYPE }) => TYPE === "AUDIO");
	for (const rendition of renditions) {
		for (const name of ["GROUP-ID", "NAME", "LANGUAGE"]) {
			findings.expect(rendition[name] !== undefined, 46, `sound "${rendition["NAME"]}": no ${name}`);
		}
	}
	const groups = new Set(renditions.map((rendition) => rendition["GROUP-ID"]));
	for (const group of groups) {
		const defaults = renditions.filter((one) => one["GROUP-ID"] === group && one["DEFAULT"] === "YES").length;
		findings.expect(defaults <= 1, 46, `group "${group}": ${defaults} renditions are the default`);
	}
	for (const { uri, attributes } of variants) {
		const known = attributes["AUDIO"] === undefined || groups.has(attributes["AUDIO"]);
		findings.expect(known, 46, `${uri}: there is no group "${attributes["AUDIO"]}"`);
	}
	return renditions.flatMap(({ URI }) => (URI === undefined ? [] : [URI]));
}

function isVideo(attributes: Record<string, string>): boolean {
	return /avc1|hvc1|av01/.test(attributes["CODECS"] ?? "");
}

/** A segment may be a tenth over what is announced (Apple's authoring rules), short ones are no measure. */
export function checkBandwidth(
	name: string,
	segments: MeasuredSegment[],
	{ bandwidth, targetDuration }: { bandwidth: number; targetDuration: number },
	findings: Findings,
): void {
	for (const { msn, duration, byteLength } of segments) {
		if (duration < targetDuration / 2) continue;
		const bitrate = Math.round((8 * byteLength) / duration);
		findings.expect(bitrate <= 1.1 * bandwidth, 44, `${name} segment ${msn}: ${bitrate} bit/s of ${bandwidth}`);
	}
}

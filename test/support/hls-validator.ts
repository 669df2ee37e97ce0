import { type Finding, Findings } from "./hls/finding.ts";
import { HttpClient } from "./hls/http-client.ts";
import { probeRendition } from "./hls/http-probes.ts";
import { checkMedia } from "./hls/media-rules.ts";
import { parseAttributes } from "./hls/parse-playlist.ts";
import { RenditionFollower } from "./hls/rendition-follower.ts";
import { checkRenditions } from "./hls/update-rules.ts";

export type { Finding };

/**
 * Reads a live LL-HLS stream for some seconds as a careful player would, with every rendition, every part and every
 * segment, asks it what no player asks, and returns the rules it breaks (see Finding): none for a correct server.
 * @param url address of the multivariant playlist
 */
export async function validateHls(url: string, { seconds }: { seconds: number }): Promise<Finding[]> {
	const findings = new Findings();
	const client = new HttpClient();
	try {
		const { status, body } = await client.get(url);
		findings.expect(status === 200, 44, `the multivariant playlist gives ${status}`);
		if (status !== 200) return findings.list;
		const variants = checkMultivariant(body.toString(), findings);
		const followers = variants.map(({ uri }) => new RenditionFollower(uri, new URL(uri, url), client, findings));
		const untilMs = performance.now() + seconds * 1000;
		await Promise.all([
			...followers.map((follower) => follower.follow(untilMs)),
			...followers.slice(0, 1).map((follower) => probeRendition(client, follower.url, findings)),
		]);
		const playlists = followers.flatMap(({ name, playlist }) => (playlist ? [[name, playlist] as const] : []));
		checkRenditions(new Map(playlists), findings);
		const ended = playlists.filter(([, playlist]) => playlist.ended).length;
		findings.expect(
			ended === 0 || ended === followers.length,
			43,
			`${ended} of ${followers.length} playlists have ended`,
		);
		for (const follower of followers) {
			checkMedia(follower.name, follower.segments, findings);
			const bandwidth = variants.find(({ uri }) => uri === follower.name)?.bandwidth ?? 0;
			checkBandwidth(follower, bandwidth, findings);
		}
		return findings.list;
	} finally {
		client.close();
	}
}

/** Returns what it lists. */
export function checkMultivariant(text: string, findings: Findings): { uri: string; bandwidth: number }[] {
	findings.expect(text.startsWith("#EXTM3U\n"), 1, "the multivariant playlist does not begin with #EXTM3U");
	findings.expect(text.includes("#EXT-X-INDEPENDENT-SEGMENTS"), 45, "no EXT-X-INDEPENDENT-SEGMENTS");
	const variants = [...text.matchAll(/^#EXT-X-STREAM-INF:(.*)\n(.*)$/gm)].map(([, list = "", uri = ""]) => {
		const attributes = parseAttributes(list);
		const isVideo = /avc1|hvc1|av01/.test(attributes["CODECS"] ?? "");
		const wanted = ["BANDWIDTH", "AVERAGE-BANDWIDTH", "CODECS", ...(isVideo ? ["RESOLUTION", "FRAME-RATE"] : [])];
		for (const name of wanted) findings.expect(attributes[name] !== undefined, 44, `${uri}: no ${name}`);
		return { uri, bandwidth: Number(attributes["BANDWIDTH"]) };
	});
	findings.expect(variants.length > 0, 44, "no variants");
	return variants;
}

/** A segment may be a tenth over what is announced (Apple's authoring rules), short ones are no measure. */
function checkBandwidth({ name, segments, playlist }: RenditionFollower, bandwidth: number, findings: Findings): void {
	for (const { segment, bytes } of segments) {
		if (segment.duration < (playlist?.targetDuration ?? 0) / 2) continue;
		const bitrate = Math.round((8 * bytes.length) / segment.duration);
		findings.expect(bitrate <= 1.1 * bandwidth, 44, `${name} segment ${segment.msn}: ${bitrate} bit/s of ${bandwidth}`);
	}
}

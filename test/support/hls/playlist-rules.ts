import type { Findings } from "./finding.ts";
import { checkDateRanges, checkGaps } from "./gap-rules.ts";
import { listedSeconds, type MediaPlaylist, type PlaylistSegment, segmentSeconds } from "./parse-playlist.ts";

const ONCE = [
	"EXT-X-VERSION",
	"EXT-X-TARGETDURATION",
	"EXT-X-MEDIA-SEQUENCE",
	"EXT-X-DISCONTINUITY-SEQUENCE",
	"EXT-X-SERVER-CONTROL",
	"EXT-X-PART-INF",
	"EXT-X-ENDLIST",
	"EXT-X-INDEPENDENT-SEGMENTS",
	"EXT-X-PLAYLIST-TYPE",
	"EXT-X-SKIP",
];
/** Printed decimals: what is left of a comparison of two of them. */
const ROUNDING = 1e-9;
/** A segment's duration and the sum of its parts' are rounded apart. */
const SUM_ROUNDING = 0.001;

/** What one version of a media playlist must be in itself. Segments before `fromMsn` were judged with an earlier one. */
export function checkPlaylist(name: string, playlist: MediaPlaylist, findings: Findings, fromMsn = 0): void {
	checkHead(name, playlist, findings);
	checkServerControl(name, playlist, findings);
	for (const segment of playlist.segments) {
		if (segment.msn >= fromMsn) checkSegment(name, playlist, segment, findings);
	}
	checkPartsListed(name, playlist, findings);
	checkGaps(name, playlist, findings, fromMsn);
	checkDateRanges(name, playlist, findings);
	checkTail(name, playlist, findings);
}

function checkHead(
	name: string,
	{ text, lines, targetDuration, discontinuitySequence, segments, skip }: MediaPlaylist,
	findings: Findings,
): void {
	findings.expect(text.startsWith("#EXTM3U\n"), 1, `${name}: does not begin with #EXTM3U`);
	const version = Number(/^#EXT-X-VERSION:(\d+)$/m.exec(text)?.[1] ?? 1);
	const needed = skip ? (skip.removedRanges ? 10 : 9) : 6;
	const fits = version === needed || (version === 8 && !skip && text.includes("#EXT-X-GAP"));
	findings.expect(fits, 2, `${name}: version ${version} where ${needed} is needed`);
	for (const tag of ONCE) {
		const count = lines.filter((line) => line === `#${tag}` || line.startsWith(`#${tag}:`)).length;
		findings.expect(count < 2, 3, `${name}: ${count} times ${tag}`);
	}
	const firstSegmentLine = lines.findIndex((line) => /^(#EXTINF|#EXT-X-PART:|#EXT-X-MAP|[^#])/.test(line));
	for (const tag of ["#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY-SEQUENCE"]) {
		const at = lines.findIndex((line) => line.startsWith(tag));
		findings.expect(firstSegmentLine < 0 || at < firstSegmentLine, 3, `${name}: ${tag} comes after the first segment`);
	}
	findings.expect(
		Number.isInteger(targetDuration) && targetDuration > 0,
		4,
		`${name}: target duration ${targetDuration}`,
	);
	findings.expect(discontinuitySequence !== undefined, 39, `${name}: no discontinuity sequence`);
	findings.expect(!text.includes("#EXT-X-START"), 42, `${name}: EXT-X-START`);
	findings.expect(segments[0]?.dateMs !== undefined, 38, `${name}: no date at the first segment`);
}

function checkServerControl(
	name: string,
	{ control, partTarget, targetDuration }: MediaPlaylist,
	findings: Findings,
): void {
	findings.expect(control["CAN-BLOCK-RELOAD"] === "YES", 23, `${name}: CAN-BLOCK-RELOAD is not announced`);
	const holdBack = Number(control["HOLD-BACK"] ?? 3 * targetDuration);
	findings.expect(holdBack >= 3 * targetDuration, 6, `${name}: HOLD-BACK ${holdBack}`);
	if (partTarget === undefined) return;
	const partHoldBack = Number(control["PART-HOLD-BACK"]);
	findings.expect(partHoldBack >= 3 * partTarget, 6, `${name}: PART-HOLD-BACK ${partHoldBack}`);
	const skipUntil = control["CAN-SKIP-UNTIL"];
	findings.expect(
		skipUntil === undefined || Number(skipUntil) >= 6 * targetDuration,
		6,
		`${name}: CAN-SKIP-UNTIL ${skipUntil}`,
	);
}

function checkSegment(name: string, playlist: MediaPlaylist, segment: PlaylistSegment, findings: Findings): void {
	const { targetDuration, partTarget = 0 } = playlist;
	const { msn, uri, parts, duration } = segment;
	const where = `${name} segment ${msn}`;
	if (uri !== undefined) {
		findings.expect(duration > 0 && Math.round(duration) <= targetDuration, 4, `${where}: EXTINF ${duration}`);
		const sum = parts.reduce((seconds, part) => seconds + part.duration, 0);
		findings.expect(
			parts.length === 0 || Math.abs(sum - duration) < SUM_ROUNDING,
			12,
			`${where}: parts last ${sum}, EXTINF ${duration}`,
		);
	}
	findings.expect(segment.map !== undefined, 35, `${where}: no EXT-X-MAP`);
	findings.expect(segment.lateTag === undefined, 11, `${where}: ${segment.lateTag} after its first part`);
	findings.expect(
		!segment.discontinuity || segment.dateMs !== undefined,
		38,
		`${where}: no date after a discontinuity`,
	);
	for (const [index, part] of parts.entries()) {
		findings.expect(
			part.duration <= partTarget + ROUNDING,
			9,
			`${where} part ${index}: ${part.duration} > ${partTarget}`,
		);
		const mayBeShort = part.independent || part.gap || parts[index + 1]?.gap || index === parts.length - 1;
		findings.expect(
			mayBeShort || part.duration >= 0.85 * partTarget,
			10,
			`${where} part ${index}: only ${part.duration}`,
		);
	}
	findings.expect(
		parts.length === 0 || parts[0]?.independent === true || parts[0]?.gap === true,
		14,
		`${where}: its first part is not INDEPENDENT`,
	);
}

/** Parts are listed for the last three target durations, and go with their segment. */
function checkPartsListed(
	name: string,
	{ segments, targetDuration, partTarget }: MediaPlaylist,
	findings: Findings,
): void {
	if (partTarget === undefined) return;
	let untilEnd = listedSeconds(segments);
	for (const segment of segments) {
		untilEnd -= segmentSeconds(segment);
		const listed = segment.parts.length > 0;
		findings.expect(
			!listed || untilEnd <= 3 * targetDuration + SUM_ROUNDING,
			16,
			`${name} segment ${segment.msn}: parts ${untilEnd} s from the end`,
		);
		const startsWithin = untilEnd + segmentSeconds(segment) <= 3 * targetDuration;
		findings.expect(listed || !startsWithin, 16, `${name} segment ${segment.msn}: no parts near the end`);
	}
}

function checkTail(
	name: string,
	{ hints, lines, ended, reports, partTarget, segments }: MediaPlaylist,
	findings: Findings,
): void {
	const partHints = hints.filter(({ TYPE }) => TYPE === "PART");
	if (ended) {
		findings.expect(hints.length === 0, 30, `${name}: a hint in an ended playlist`);
		const whole = segments.at(-1)?.uri !== undefined || segments.length === 0;
		findings.expect(whole, 43, `${name}: ended with parts of which no segment was made`);
	} else if (partTarget !== undefined)
		findings.expect(partHints.length === 1, 19, `${name}: ${partHints.length} hints of a part`);
	const hintLine = lines.findIndex((line) => line.startsWith("#EXT-X-PRELOAD-HINT"));
	const lastMedia = lines.findLastIndex((line) => line.startsWith("#EXTINF") || line.startsWith("#EXT-X-PART:"));
	findings.expect(hintLine < 0 || hintLine > lastMedia, 19, `${name}: the hint comes before media`);
	for (const report of reports) {
		const { URI = "" } = report;
		findings.expect(URI !== "" && !/^https?:|^\//.test(URI), 21, `${name}: report of "${URI}" is not relative`);
		const explicit = report["LAST-MSN"] !== undefined && report["LAST-PART"] !== undefined;
		findings.expect(explicit, 21, `${name}: report of ${URI} without LAST-MSN and LAST-PART`);
	}
}

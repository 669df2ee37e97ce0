import type { Findings } from "./finding.ts";
import {
	carryOn,
	listedSeconds,
	type MediaPlaylist,
	type PlaylistSegment,
	parseMediaPlaylist,
	segmentOf,
} from "./parse-playlist.ts";

/** Printed decimals: what is left when many are summed. */
const SUM_ROUNDING = 0.001;

/** The playlist of which `delta` is what changed since `before`; `delta` itself when it is whole. */
export function applyDelta(
	name: string,
	before: MediaPlaylist,
	delta: MediaPlaylist,
	findings: Findings,
): MediaPlaylist {
	const { skip, mediaSequence } = delta;
	if (!skip) return delta;
	const endMsn = mediaSequence + skip.segments;
	const skipped = Array.from({ length: skip.segments }, (_, index) => segmentOf(before, mediaSequence + index));
	const known = skipped.filter((segment): segment is PlaylistSegment => segment?.uri !== undefined);
	findings.expect(
		known.length === skip.segments,
		32,
		`${name}: skips to segment ${endMsn}, but only ${known.length} of ${skip.segments} had been listed`,
	);
	carryOn(delta.segments, known.at(-1));
	const removed = new Set(skip.removedRanges);
	const kept = before.dateRanges.filter(({ ID = "" }) => !removed.has(ID));
	const own = new Set(delta.dateRanges.map(({ ID }) => ID));
	return {
		...delta,
		segments: [...known, ...delta.segments],
		dateRanges: [...kept.filter(({ ID }) => !own.has(ID)), ...delta.dateRanges],
	};
}

/** A delta update against the whole playlist of the same moment, as `_HLS_skip=YES` or `v2` gave it. */
export function checkDelta(
	name: string,
	wholeText: string,
	deltaText: string,
	asked: "YES" | "v2",
	findings: Findings,
): void {
	const [whole, delta] = [parseMediaPlaylist(wholeText), parseMediaPlaylist(deltaText)];
	const { skip, control } = delta;
	if (!skip) return;
	const said = (what: string) => `${name}, _HLS_skip=${asked}: ${what}`;
	const skips = delta.lines.filter((line) => line.startsWith("#EXT-X-SKIP")).length;
	findings.expect(skips === 1, 32, said(`${skips} times EXT-X-SKIP`));
	const version = Number(/^#EXT-X-VERSION:(\d+)$/m.exec(deltaText)?.[1] ?? 1);
	const needed = skip.removedRanges ? 10 : 9;
	findings.expect(version === needed, 2, said(`version ${version} where ${needed} is needed`));
	for (const sequence of ["mediaSequence", "discontinuitySequence"] as const) {
		findings.expect(
			delta[sequence] === whole[sequence],
			32,
			said(`${sequence} ${delta[sequence]}, not ${whole[sequence]}`),
		);
	}
	const counted = Number.isInteger(skip.segments) && skip.segments > 0 && skip.segments < whole.segments.length;
	findings.expect(counted, 32, said(`${skip.segments} segments skipped of ${whole.segments.length}`));
	if (!counted) return;
	const afterS = listedSeconds(whole.segments.slice(skip.segments));
	const until = Number(control["CAN-SKIP-UNTIL"]);
	findings.expect(afterS >= until - SUM_ROUNDING, 32, said(`what is not skipped lasts ${afterS} s of ${until}`));
	const [head, tail] = parted(whole.lines, skip.segments);
	const at = delta.lines.findIndex((line) => line.startsWith("#EXT-X-SKIP"));
	const same =
		sameLines(head, delta.lines.slice(0, at)) && sameLines(tail, withoutMap(delta.lines.slice(at + 1), tail));
	findings.expect(same, 32, said("is not the whole playlist but for what it skips"));
	checkRanges(said, whole, delta, asked, afterS, findings);
}

function checkRanges(
	said: (what: string) => string,
	whole: MediaPlaylist,
	delta: MediaPlaylist,
	asked: "YES" | "v2",
	afterS: number,
	findings: Findings,
): void {
	const removed = delta.skip?.removedRanges;
	const mayDrop = asked === "v2" && delta.control["CAN-SKIP-DATERANGES"] === "YES";
	findings.expect(mayDrop || removed === undefined, 33, said("RECENTLY-REMOVED-DATERANGES unasked"));
	const listed = new Set(whole.dateRanges.map(({ ID }) => ID));
	for (const id of removed ?? []) findings.expect(!listed.has(id), 33, said(`removed date range "${id}" is listed`));
	const last = whole.segments.at(-1);
	const boundaryMs = (last?.startMs ?? 0) - afterS * 1000;
	const kept = new Set(delta.dateRanges.map(({ ID }) => ID));
	for (const { ID, "START-DATE": start = "" } of whole.dateRanges) {
		const old = mayDrop && Date.parse(start) < boundaryMs;
		findings.expect(old || kept.has(ID), 33, said(`date range "${ID}" is not there`));
	}
}

/** Lines before the first segment, and those after the first `count`; without date ranges, which stand anywhere. */
function parted(lines: string[], count: number): [head: string[], tail: string[]] {
	const first = lines.findIndex((line) =>
		/^(#EXTINF|#EXT-X-(PART:|MAP|PROGRAM-DATE-TIME|DISCONTINUITY$|GAP|KEY|BITRATE)|[^#])/.test(line),
	);
	let at = first;
	for (let seen = 0; at < lines.length && seen < count; at++) if (!lines[at]?.startsWith("#")) seen++;
	return [lines.slice(0, first), lines.slice(at)];
}

/** The initialization section may be named again after what was skipped. */
function withoutMap(lines: string[], expected: string[]): string[] {
	const [first] = withoutRanges(lines);
	return first?.startsWith("#EXT-X-MAP") && withoutRanges(expected)[0] !== first
		? lines.filter((line) => line !== first)
		: lines;
}

function withoutRanges(lines: string[]): string[] {
	return lines.filter((line) => !/^#EXT-X-(DATERANGE|VERSION)/.test(line));
}

function sameLines(some: string[], others: string[]): boolean {
	return withoutRanges(some).join("\n") === withoutRanges(others).join("\n");
}

import type { Findings } from "./finding.ts";
import { type MediaPlaylist, newestPosition } from "./parse-playlist.ts";

/** A hole between two segments that is shorter than this is their dates' rounding, and the overlap of sound. */
const HOLE_MS = 50;

/** Media that is missing is said to be, and time that is missing is a gap or a discontinuity. */
export function checkGaps(name: string, { segments }: MediaPlaylist, findings: Findings, fromMsn: number): void {
	for (const [index, segment] of segments.entries()) {
		const { msn, gap, parts, uri } = segment;
		if (msn < fromMsn) continue;
		const where = `${name} segment ${msn}`;
		const lost = parts.filter((part) => part.gap).length;
		findings.expect(!gap || lost === parts.length, 40, `${where}: EXT-X-GAP, but parts that are none`);
		const allLost = uri !== undefined && parts.length > 0 && lost === parts.length;
		findings.expect(!allLost || gap, 40, `${where}: every part is a gap, but not the segment`);
		const before = segments[index - 1];
		if (!before || segment.discontinuity || segment.dateMs === undefined || before.startMs === undefined) continue;
		const holeMs = Math.abs(segment.dateMs - before.startMs - before.duration * 1000);
		findings.expect(
			holeMs <= HOLE_MS,
			40,
			`${where}: begins ${Math.round(holeMs)} ms from the end of the one before, and neither says why`,
		);
	}
}

export function checkDateRanges(name: string, { dateRanges }: MediaPlaylist, findings: Findings): void {
	const known = new Map<string, Record<string, string>>();
	for (const range of dateRanges) {
		const { ID = "" } = range;
		const where = `${name} date range "${ID}"`;
		findings.expect(ID !== "", 41, `${where}: no ID`);
		const first = known.get(ID);
		const startMs = Date.parse(range["START-DATE"] ?? first?.["START-DATE"] ?? "");
		findings.expect(!Number.isNaN(startMs), 41, `${where}: no START-DATE`);
		const endMs = range["END-DATE"] === undefined ? undefined : Date.parse(range["END-DATE"]);
		findings.expect(endMs === undefined || endMs >= startMs, 41, `${where}: ends before it starts`);
		const duration = Number(range["DURATION"] ?? 0);
		findings.expect(duration >= 0, 41, `${where}: DURATION ${range["DURATION"]}`);
		if (first) expectSame(where, first, range, findings);
		known.set(ID, { ...first, ...range });
	}
}

/** What was said of a range stays so; more may be said later. */
export function checkDateRangesKept(
	name: string,
	before: MediaPlaylist,
	after: MediaPlaylist,
	findings: Findings,
): void {
	const old = byId(before);
	for (const [id, range] of byId(after)) {
		const first = old.get(id);
		if (first) expectSame(`${name} date range "${id}"`, first, range, findings);
	}
}

/** Every rendition lists the same ranges; of playlists that were read at different moments nothing can be said. */
export function checkDateRangesAgree(pair: string, one: MediaPlaylist, other: MediaPlaylist, findings: Findings): void {
	const [here, there] = [newestPosition(one), newestPosition(other)];
	if (here.msn !== there.msn || here.part !== there.part || one.mediaSequence !== other.mediaSequence) return;
	const [mine, theirs] = [byId(one), byId(other)];
	for (const id of new Set([...mine.keys(), ...theirs.keys()])) {
		const [range, twin] = [mine.get(id), theirs.get(id)];
		if (range && twin) expectSame(`${pair}: date range "${id}"`, range, twin, findings);
		else findings.add(41, `${pair}: date range "${id}" in one of them`);
	}
}

function byId({ dateRanges }: MediaPlaylist): Map<string, Record<string, string>> {
	const ranges = new Map<string, Record<string, string>>();
	for (const range of dateRanges) ranges.set(range["ID"] ?? "", { ...ranges.get(range["ID"] ?? ""), ...range });
	return ranges;
}

function expectSame(
	where: string,
	one: Record<string, string>,
	other: Record<string, string>,
	findings: Findings,
): void {
	for (const [name, value] of Object.entries(other)) {
		const same = one[name] === undefined || one[name] === value;
		findings.expect(same, 41, `${where}: ${name} is ${value} and ${one[name]}`);
	}
}

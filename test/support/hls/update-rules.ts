import type { Findings } from "./finding.ts";
import { checkDateRangesAgree, checkDateRangesKept } from "./gap-rules.ts";
import { type MediaPlaylist, newestPosition, segmentOf, segmentSeconds } from "./parse-playlist.ts";

/** Fewer must not be left by what is removed from a live playlist. */
const FEWEST_SEGMENTS = 6;

/**
 * What may change from one version of a playlist to a later one of the same rendition.
 * @param afterOutage the server was away in between, and what it had promised may be lost
 */
export function checkUpdate(
	name: string,
	before: MediaPlaylist,
	after: MediaPlaylist,
	findings: Findings,
	{ afterOutage = false } = {},
): void {
	findings.expect(before.targetDuration === after.targetDuration, 4, `${name}: target duration changed`);
	findings.expect(before.partInf === after.partInf, 5, `${name}: PART-INF changed to ${after.partInf}`);
	findings.expect(
		before.serverControl === after.serverControl,
		5,
		`${name}: SERVER-CONTROL changed to ${after.serverControl}`,
	);
	findings.expect(
		after.mediaSequence >= before.mediaSequence,
		8,
		`${name}: media sequence fell to ${after.mediaSequence}`,
	);
	findings.expect(!before.ended || before.text === after.text, 8, `${name}: changed after its end`);
	checkSequences(name, before, after, findings);
	for (const old of before.segments) {
		if (old.msn < after.mediaSequence) continue;
		const now = segmentOf(after, old.msn);
		if (now === old) continue; // a delta update skipped it
		if (!now) {
			findings.add(8, `${name}: segment ${old.msn} vanished`);
			continue;
		}
		if (old.uri !== undefined) {
			const same = now.uri === old.uri && now.duration === old.duration && now.map === old.map;
			findings.expect(same, 8, `${name}: segment ${old.msn} changed`);
		}
		findings.expect(
			now.discontinuity === old.discontinuity,
			8,
			`${name}: segment ${old.msn} has another discontinuity`,
		);
		findings.expect(now.dateMs === old.dateMs, 8, `${name}: segment ${old.msn} has another date`);
		// Media that was lost since must be said to be; what players may just be loading must not.
		const wasLost = now.gap && now.parts.length === 0;
		findings.expect(
			now.gap === old.gap || old.uri === undefined || wasLost,
			40,
			`${name}: segment ${old.msn} became a gap near the end, or ceased to be one`,
		);
		const partsKept = now.parts.length === 0 || old.parts.every(({ uri }, index) => now.parts[index]?.uri === uri);
		findings.expect(partsKept, 8, `${name}: parts of segment ${old.msn} changed`);
	}
	if (!afterOutage) checkHintKept(name, before, after, findings);
	checkRemoved(name, before, after, findings);
	checkDateRangesKept(name, before, after, findings);
}

/** Segments leave one at a time, for a client may have missed no more versions than it sees new parts. */
function checkRemoved(name: string, before: MediaPlaylist, after: MediaPlaylist, findings: Findings): void {
	const removed = after.mediaSequence - before.mediaSequence;
	if (removed <= 0) return;
	const left = after.segments.filter(({ uri }) => uri !== undefined).length;
	findings.expect(left >= FEWEST_SEGMENTS, 18, `${name}: only ${left} segments were left`);
	const known = new Set(before.segments.at(-1)?.parts.map(({ uri }) => uri));
	const newestMsn = newestPosition(before).msn;
	const versions = after.segments
		.filter(({ msn }) => msn >= newestMsn)
		.reduce((sum, { parts }) => sum + Math.max(1, parts.filter(({ uri }) => !known.has(uri)).length), 0);
	findings.expect(removed <= versions, 34, `${name}: ${removed} segments left at once, up to ${after.mediaSequence}`);
}

function checkSequences(name: string, before: MediaPlaylist, after: MediaPlaylist, findings: Findings): void {
	const removed = before.segments.filter(({ msn }) => msn < after.mediaSequence);
	const discontinuities = removed.filter(({ discontinuity }) => discontinuity).length;
	const expected = (before.discontinuitySequence ?? 0) + discontinuities;
	const known = after.mediaSequence <= before.mediaSequence + before.segments.length;
	findings.expect(
		!known || after.discontinuitySequence === expected,
		39,
		`${name}: discontinuity sequence ${after.discontinuitySequence}, not ${expected}`,
	);
	const [old, now] = [newestPosition(before), newestPosition(after)];
	findings.expect(
		now.msn > old.msn || (now.msn === old.msn && now.part >= old.part),
		8,
		`${name}: went back to ${now.msn}.${now.part}`,
	);
}

/** The part that was promised is the next one that is listed. */
function checkHintKept(name: string, before: MediaPlaylist, after: MediaPlaylist, findings: Findings): void {
	const hinted = before.hints.find(({ TYPE }) => TYPE === "PART")?.["URI"];
	if (hinted === undefined) return;
	const known = new Set(before.segments.flatMap(({ parts }) => parts.map(({ uri }) => uri)));
	const oldest = before.segments.find(({ parts }) => parts.length > 0)?.msn ?? 0;
	const added = after.segments.filter(({ msn }) => msn >= oldest).flatMap(({ parts }) => parts.map(({ uri }) => uri));
	const next = added.find((uri) => !known.has(uri));
	const isNext = newestPosition(after).msn - newestPosition(before).msn <= 1;
	findings.expect(next === undefined || !isNext || next === hinted, 20, `${name}: hinted ${hinted}, then came ${next}`);
}

/** What must agree between the renditions of one programme, each as it was at about the same moment. */
export function checkRenditions(renditions: Map<string, MediaPlaylist>, findings: Findings): void {
	const [first, ...others] = [...renditions];
	if (!first) return;
	const [firstName, reference] = first;
	const partTargets = [...renditions.values()].map(({ partTarget = 0 }) => partTarget);
	const holdBack = Number(reference.control["PART-HOLD-BACK"]);
	findings.expect(
		holdBack >= 3 * Math.max(...partTargets),
		6,
		`PART-HOLD-BACK ${holdBack} is less than 3 of the longest parts`,
	);
	for (const [name, playlist] of renditions) {
		const wanted = renditions.size - 1;
		const reported = new Set(playlist.reports.map(({ URI }) => URI)).size;
		findings.expect(
			reported === wanted && playlist.reports.length === wanted,
			21,
			`${name}: ${reported} reports of ${wanted} others`,
		);
	}
	for (const [name, playlist] of others) {
		const pair = `${firstName} and ${name}`;
		findings.expect(playlist.targetDuration === reference.targetDuration, 4, `${pair}: target durations differ`);
		findings.expect(playlist.serverControl === reference.serverControl, 5, `${pair}: SERVER-CONTROL differs`);
		checkAlignment(pair, reference, playlist, findings);
		checkDateRangesAgree(pair, reference, playlist, findings);
	}
}

/** Cuts lie on the video's frames, sound on its own: no further apart than one frame of sound and the overlap. */
const ALIGNMENT_MS = 30;

function checkAlignment(pair: string, one: MediaPlaylist, other: MediaPlaylist, findings: Findings): void {
	for (const segment of one.segments) {
		const twin = segmentOf(other, segment.msn);
		if (!twin) continue;
		const where = `${pair}, segment ${segment.msn}`;
		findings.expect(twin.discontinuity === segment.discontinuity, 39, `${where}: a discontinuity in one of them`);
		if (segment.startMs === undefined || twin.startMs === undefined) continue;
		const apartMs = Math.abs(twin.startMs - segment.startMs);
		findings.expect(apartMs <= ALIGNMENT_MS, 38, `${where}: dates ${apartMs} ms apart`);
	}
	if (one.mediaSequence === other.mediaSequence) {
		const same = one.discontinuitySequence === other.discontinuitySequence;
		findings.expect(same, 39, `${pair}: discontinuity sequences differ`);
	}
	const endMs = ({ segments }: MediaPlaylist) => {
		const last = segments.at(-1);
		return last ? (last.startMs ?? 0) + segmentSeconds(last) * 1000 : 0;
	};
	const apart = Math.abs(newestPosition(one).msn - newestPosition(other).msn);
	if (apart > 0 || newestPosition(one).part !== newestPosition(other).part) return; // read at different moments
	const limitMs = Math.max(one.partTarget ?? 0, other.partTarget ?? 0) * 1000;
	findings.expect(Math.abs(endMs(one) - endMs(other)) <= limitMs, 22, `${pair}: ends differ by more than a part`);
}

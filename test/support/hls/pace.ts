import type { Findings } from "./finding.ts";
import type { HttpAnswer, HttpClient } from "./http-client.ts";
import { type MediaPlaylist, newestPosition, parseMediaPlaylist } from "./parse-playlist.ts";

/** When the parts and segments of one rendition came, in milliseconds. */
export interface Pace {
	partTargetMs: number;
	targetDurationMs: number;
	/** From each part to the next; those with an outage or a discontinuity between them are left out. */
	partIntervalsMs: number[];
	segmentIntervalsMs: number[];
}

/** What a busy machine or a network adds now and then: a part that comes in 1.75 times its target is not counted as late. */
const LATE_PARTS = 1.75;
const LATE_SEGMENTS = 1.5;
/** Fewer may be the machine's, not the server's. */
const FEWEST_LATE = 4;
const LATE_SHARE = 0.1;
/** A request may wait for three target durations; the fourth is for the way. */
const LONGEST_BLOCK_TARGETS = 4;

/** Watches when parts come: blocking reloads of one rendition and nothing else, so that no work of its own delays it. */
export async function watchPace(client: HttpClient, url: URL, untilMs: number, findings: Findings): Promise<Pace> {
	const pace: Pace = { partTargetMs: 0, targetDurationMs: 0, partIntervalsMs: [], segmentIntervalsMs: [] };
	let newest: ReturnType<typeof newestPosition> | undefined;
	let control: Record<string, string> = {};
	const seenAtMs = { part: Number.NaN, segment: Number.NaN };
	while (performance.now() < untilMs) {
		const address = new URL(url);
		if (newest) {
			address.searchParams.set("_HLS_msn", `${newest.msn}`);
			address.searchParams.set("_HLS_part", `${newest.part + 1}`);
			if (control["CAN-SKIP-UNTIL"]) address.searchParams.set("_HLS_skip", "YES");
		}
		const answer = await client.get(address).catch(() => undefined);
		if (answer?.status !== 200) break; // for the followers to tell
		const nowMs = performance.now();
		const playlist = parseMediaPlaylist(answer.body.toString());
		checkBlocked(answer, playlist, findings);
		if (playlist.ended || playlist.partTarget === undefined) break;
		pace.partTargetMs = playlist.partTarget * 1000;
		pace.targetDurationMs = playlist.targetDuration * 1000;
		const now = newestPosition(playlist);
		const moved = !newest || now.msn > newest.msn || (now.msn === newest.msn && now.part > newest.part);
		if (!moved) {
			await new Promise((resolve) => setTimeout(resolve, 300)); // such a server must be asked gently
			continue;
		}
		const nextSegment = newest !== undefined && now.msn > newest.msn;
		const cut = answer.retried || (nextSegment && playlist.segments.at(-1)?.discontinuity === true);
		if (newest && !cut) {
			pace.partIntervalsMs.push(nowMs - seenAtMs.part);
			if (nextSegment && !Number.isNaN(seenAtMs.segment)) pace.segmentIntervalsMs.push(nowMs - seenAtMs.segment);
		}
		seenAtMs.part = newest === undefined && answer.retried ? Number.NaN : nowMs;
		if (cut) seenAtMs.segment = Number.NaN;
		else if (nextSegment) seenAtMs.segment = nowMs;
		newest = now;
		control = playlist.control;
	}
	return pace;
}

/** The first interval is from some moment between two parts. */
export function checkPace({ partTargetMs, targetDurationMs, ...pace }: Pace, findings: Findings): void {
	const kinds = [
		["parts", pace.partIntervalsMs.slice(1), LATE_PARTS * partTargetMs],
		["segments", pace.segmentIntervalsMs, LATE_SEGMENTS * targetDurationMs],
	] as const;
	for (const [what, intervalsMs, limitMs] of kinds) {
		const late = intervalsMs.filter((ms) => ms > limitMs);
		const few = late.length < FEWEST_LATE || late.length <= LATE_SHARE * intervalsMs.length;
		const longest = Math.round(Math.max(0, ...late));
		findings.expect(few, 15, `${late.length} of ${intervalsMs.length} ${what} came late, up to ${longest} ms`);
	}
}

function checkBlocked({ tookMs }: HttpAnswer, { targetDuration }: MediaPlaylist, findings: Findings): void {
	const targets = tookMs / 1000 / targetDuration;
	findings.expect(
		targets <= LONGEST_BLOCK_TARGETS,
		29,
		`a reload was blocked for ${(tookMs / 1000).toFixed(1)} s, and then answered`,
	);
}

const ROUND_TRIPS = 20;
/** Up to a half may be slow: that is the client's own machine. */
const ROUND_TRIP_SHARE = 0.5;

/** Milliseconds of small requests that need not wait, sorted; and whether parts are long enough for them. */
export async function measureRoundTrips(client: HttpClient, url: URL, findings: Findings): Promise<number[]> {
	const { map, partTarget } = await readMap(client, url);
	if (map === undefined || partTarget === undefined) return [];
	const roundTripsMs: number[] = [];
	for (let i = 0; i < ROUND_TRIPS; i++) {
		const { tookMs, retried } = await client.get(new URL(map, url), {}, "HEAD");
		if (!retried) roundTripsMs.push(tookMs);
	}
	roundTripsMs.sort((a, b) => a - b);
	const usualMs = roundTripsMs[Math.floor(roundTripsMs.length * ROUND_TRIP_SHARE)] ?? 0;
	findings.expect(
		3 * usualMs <= partTarget * 1000,
		7,
		`half of the round trips take ${Math.round(usualMs)} ms or more, with parts of ${partTarget} s`,
	);
	return roundTripsMs;
}

async function readMap(client: HttpClient, url: URL) {
	const { segments, partTarget } = parseMediaPlaylist((await client.get(url)).body.toString());
	return { map: segments.at(-1)?.map, partTarget };
}

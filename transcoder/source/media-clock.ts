import type { SenderReport } from "./rtcp.ts";
import { timestampDistance } from "./rtp.ts";

/** How long the fastest packet speaks for the path: long enough to meet a quiet moment, short against clock drift. */
const WINDOW_S = 10;
/** A report farther from the media than this is junk (OBS's first one is). */
const MAX_REPORT_DISTANCE_MS = 60_000;
/** Tracks of one publisher whose reports differ by more do not share a clock. */
const MAX_TRACK_DISTANCE_MS = 3000;
/** No network holds packets up by so much more than the one before: the sender's timestamps have jumped. */
const MAX_STEP_MS = 2000;
/** A publisher's wall clock that was set (NTP) jumps in the reports of one track before the other's. Less is drift, and jitter of the reports. */
const STEP_MS = 20;
/** How far a publisher's two clocks may drift apart: 1000 ppm, and then some. */
const MAX_DRIFT = 0.001;
/** Reports in a row that tell of the same step are believed, whatever the other track's say. */
const STEP_REPORTS = 3;

interface Track {
	clockRate: number;
	/** Newest RTP timestamp, and the same without wrapping, in ms. */
	newest: number | undefined;
	newestMs: number;
	report: SenderReport | undefined;
	/** Tells of a step of the clock, and how many in a row did. */
	stepped: { report: SenderReport; count: number } | undefined;
	arrival: SlidingMinimum;
}

/**
 * Says when a publisher's media was captured, on the local clock. Sender reports put its tracks on one clock of the
 * publisher's; one offset for all of them, that of the fastest packet of late, puts that on ours. So audio and video stay
 * together whatever their delays, and the offset errs only by the least delay. Until every track that sends has had a report,
 * each track's own fastest packet stands in.
 */
export class MediaClock {
	/** Added to every capture time: how much longer than the least this publisher's media waits to be shown (see PlayoutDelay). */
	shiftMs = 0;
	readonly #tracks = new Map<number, Track>();

	constructor(tracks: { ssrc: number; clockRate: number }[]) {
		for (const { ssrc, clockRate } of tracks) {
			this.#tracks.set(ssrc, {
				clockRate,
				newest: undefined,
				newestMs: 0,
				report: undefined,
				stepped: undefined,
				arrival: new SlidingMinimum(),
			});
		}
	}

	report(report: SenderReport): void {
		const track = this.#tracks.get(report.ssrc);
		if (!track || report.rtpTimestamp === 0xffffffff) return;
		// What the track has is of no use, so there is nothing to keep.
		const inUse = track.report && this.#commonOffset() !== undefined ? track.report : undefined;
		if (inUse && Math.abs(stepMs(track, inUse, report)) > STEP_MS + driftMs(inUse, report)) {
			const before = track.stepped;
			const again =
				before && Math.abs(stepMs(track, before.report, report)) <= STEP_MS + driftMs(before.report, report);
			track.stepped = { report, count: again ? before.count + 1 : 1 };
			this.#believeSteps();
			return;
		}
		track.report = report;
		track.stepped = undefined;
	}

	arrived(ssrc: number, timestamp: number, atMs: number): void {
		const track = this.#tracks.get(ssrc);
		if (!track) return;
		const mediaMs = unwrapMs(track, timestamp);
		const jumped = Math.abs(atMs - mediaMs - track.arrival.newest) > MAX_STEP_MS;
		// What was before says nothing of it; nor does one packet of nonsense of those that come after.
		if (jumped) track.arrival.forget();
		if (track.newest === undefined || jumped || mediaMs > track.newestMs) {
			track.newest = timestamp;
			track.newestMs = mediaMs;
		}
		track.arrival.add(atMs - mediaMs, atMs);
	}

	/** Local time at which the sample or picture of `timestamp` was captured, shifted. After `arrived` for that track. */
	captureMs(ssrc: number, timestamp: number): number {
		const track = this.#tracks.get(ssrc);
		if (!track) throw new Error(`no track ${ssrc}`);
		const mediaMs = unwrapMs(track, timestamp);
		const offset = this.#commonOffset();
		const shift = publisherShift(track);
		return (
			mediaMs + this.shiftMs + (offset === undefined || shift === undefined ? track.arrival.value : shift + offset)
		);
	}

	/** Forgets how fast packets were: the path has become slower for good. */
	restart(): void {
		for (const track of this.#tracks.values()) track.arrival.clear();
	}

	/** Once every track tells of it, or one for long enough: until then the others' times would be put beside a clock that is gone. */
	#believeSteps(): void {
		const tracks = [...this.#tracks.values()].filter(({ report }) => report);
		const all = tracks.every(({ stepped }) => stepped);
		for (const track of tracks) {
			if (!track.stepped || !(all || track.stepped.count >= STEP_REPORTS)) continue;
			track.report = track.stepped.report;
			track.stepped = undefined;
		}
	}

	/** From the publisher's clock to ours. */
	#commonOffset(): number | undefined {
		let least = Number.POSITIVE_INFINITY;
		let most = Number.NEGATIVE_INFINITY;
		for (const track of this.#tracks.values()) {
			if (track.newest === undefined || track.arrival.value === Number.POSITIVE_INFINITY) continue;
			const shift = publisherShift(track);
			if (shift === undefined) return undefined;
			const offset = track.arrival.value - shift;
			least = Math.min(least, offset);
			most = Math.max(most, offset);
		}
		return most - least < MAX_TRACK_DISTANCE_MS ? least : undefined;
	}
}

/** From a track's own time to the publisher's clock. */
function publisherShift(track: Track): number | undefined {
	if (!track.report || track.newest === undefined) return undefined;
	const reportMs = unwrapMs(track, track.report.rtpTimestamp);
	if (Math.abs(reportMs - track.newestMs) > MAX_REPORT_DISTANCE_MS) return undefined;
	return track.report.ntpMs - reportMs;
}

/** By how much the wall clock went on more than the media between two reports. */
function stepMs({ clockRate }: Track, before: SenderReport, now: SenderReport): number {
	const mediaMs = (timestampDistance(now.rtpTimestamp, before.rtpTimestamp) * 1000) / clockRate;
	return now.ntpMs - before.ntpMs - mediaMs;
}

function driftMs(before: SenderReport, now: SenderReport): number {
	return Math.abs(now.ntpMs - before.ntpMs) * MAX_DRIFT;
}

function unwrapMs(track: Track, timestamp: number): number {
	if (track.newest === undefined) return (timestamp * 1000) / track.clockRate;
	return track.newestMs + (timestampDistance(timestamp, track.newest) * 1000) / track.clockRate;
}

/** The least value of the last seconds, in steps of one second. */
class SlidingMinimum {
	#seconds: { second: number; least: number }[] = [];
	#newest = Number.NaN;
	#least = Number.POSITIVE_INFINITY;

	/** Infinity without any. */
	get value(): number {
		return this.#least;
	}

	/** Not a number before the first. */
	get newest(): number {
		return this.#newest;
	}

	forget(): void {
		this.#keep([]);
	}

	add(value: number, atMs: number): void {
		this.#newest = value;
		const second = Math.floor(atMs / 1000);
		const last = this.#seconds.at(-1);
		if (last?.second === second) {
			last.least = Math.min(last.least, value);
			this.#least = Math.min(this.#least, value);
		} else {
			const seconds = [...this.#seconds, { second, least: value }];
			this.#keep(seconds.filter((entry) => entry.second > second - WINDOW_S));
		}
	}

	/** Forgets all but the newest value. */
	clear(): void {
		this.#keep(this.#seconds.slice(-1).map(({ second }) => ({ second, least: this.#newest })));
	}

	#keep(seconds: { second: number; least: number }[]): void {
		this.#seconds = seconds;
		this.#least = Math.min(...seconds.map(({ least }) => least));
	}
}

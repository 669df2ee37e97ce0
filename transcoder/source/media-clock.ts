import type { SenderReport } from "./rtcp.ts";
import { timestampDistance } from "./rtp.ts";

/** How long the fastest packet speaks for the path: long enough to meet a quiet moment, short against clock drift. */
const WINDOW_S = 10;
/** A report farther from the media than this is junk (OBS's first one is). */
const MAX_REPORT_DISTANCE_MS = 60_000;
/** Tracks of one publisher whose reports differ by more do not share a clock. */
const MAX_TRACK_DISTANCE_MS = 3000;

interface Track {
	clockRate: number;
	/** Newest RTP timestamp, and the same without wrapping, in ms. */
	newest: number | undefined;
	newestMs: number;
	report: SenderReport | undefined;
	arrival: SlidingMinimum;
}

/**
 * Says when a publisher's media was captured, on the local clock. Sender reports put its tracks on one clock of the
 * publisher's; one offset for all of them, that of the fastest packet of late, puts that on ours. So audio and video stay
 * together whatever their delays, and the offset errs only by the least delay. Until every track that sends has had a report,
 * each track's own fastest packet stands in.
 */
export class MediaClock {
	readonly #tracks = new Map<number, Track>();

	constructor(tracks: { ssrc: number; clockRate: number }[]) {
		for (const { ssrc, clockRate } of tracks) {
			this.#tracks.set(ssrc, {
				clockRate,
				newest: undefined,
				newestMs: 0,
				report: undefined,
				arrival: new SlidingMinimum(),
			});
		}
	}

	report(report: SenderReport): void {
		const track = this.#tracks.get(report.ssrc);
		if (track && report.rtpTimestamp !== 0xffffffff) track.report = report;
	}

	arrived(ssrc: number, timestamp: number, atMs: number): void {
		const track = this.#tracks.get(ssrc);
		if (!track) return;
		const mediaMs = unwrapMs(track, timestamp);
		if (track.newest === undefined || mediaMs > track.newestMs) {
			track.newest = timestamp;
			track.newestMs = mediaMs;
		}
		track.arrival.add(atMs - mediaMs, atMs);
	}

	/** Local time at which the sample or picture of `timestamp` was captured. After `arrived` for that track. */
	captureMs(ssrc: number, timestamp: number): number {
		const track = this.#tracks.get(ssrc);
		if (!track) throw new Error(`no track ${ssrc}`);
		const mediaMs = unwrapMs(track, timestamp);
		const offset = this.#commonOffset();
		const shift = publisherShift(track);
		return mediaMs + (offset === undefined || shift === undefined ? track.arrival.value : shift + offset);
	}

	/** Forgets how fast packets were: the path has become slower for good. */
	restart(): void {
		for (const track of this.#tracks.values()) track.arrival.clear();
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

function unwrapMs(track: Track, timestamp: number): number {
	if (track.newest === undefined) return (timestamp * 1000) / track.clockRate;
	return track.newestMs + (timestampDistance(timestamp, track.newest) * 1000) / track.clockRate;
}

/** The least value of the last seconds, in steps of one second. */
class SlidingMinimum {
	#seconds: { second: number; least: number }[] = [];
	#newest = 0;

	get value(): number {
		let least = Number.POSITIVE_INFINITY;
		for (const entry of this.#seconds) least = Math.min(least, entry.least);
		return least;
	}

	add(value: number, atMs: number): void {
		this.#newest = value;
		const second = Math.floor(atMs / 1000);
		const last = this.#seconds.at(-1);
		if (last?.second === second) last.least = Math.min(last.least, value);
		else {
			this.#seconds.push({ second, least: value });
			this.#seconds = this.#seconds.filter((entry) => entry.second > second - WINDOW_S);
		}
	}

	/** Forgets all but the newest value. */
	clear(): void {
		this.#seconds = this.#seconds.slice(-1).map(({ second }) => ({ second, least: this.#newest }));
	}
}

import { describe, expect, it } from "vitest";
import { MediaClock } from "./media-clock.ts";

const VIDEO = 1;
const SOUND = 2;
/** When the media began, on our clock and on the publisher's. */
const STARTED_MS = 1_800_000_000_000;
const PUBLISHER_STARTED_MS = 500_000;
/** Timestamps of the beginning: both wrap soon. */
const first = { [VIDEO]: 0xffff_0000, [SOUND]: 0xffff_f000 };
const rate = { [VIDEO]: 90, [SOUND]: 48 };

function timestamp(track: 1 | 2, mediaMs: number): number {
	return (first[track] + mediaMs * rate[track]) >>> 0;
}

function createClock() {
	const clock = new MediaClock([
		{ ssrc: VIDEO, clockRate: 90_000 },
		{ ssrc: SOUND, clockRate: 48_000 },
	]);
	return {
		clock,
		arrive: (track: 1 | 2, mediaMs: number, delayMs: number) =>
			clock.arrived(track, timestamp(track, mediaMs), STARTED_MS + mediaMs + delayMs),
		report: (track: 1 | 2, mediaMs: number) =>
			clock.report({ ssrc: track, ntpMs: PUBLISHER_STARTED_MS + mediaMs, rtpTimestamp: timestamp(track, mediaMs) }),
		/** When it takes the sample of `mediaMs` to be captured, counted from the true time. */
		errorMs: (track: 1 | 2, mediaMs: number) =>
			clock.captureMs(track, timestamp(track, mediaMs)) - STARTED_MS - mediaMs,
	};
}

describe("media clock", () => {
	it("takes each track by its own fastest packet until there are reports", () => {
		const { arrive, report, errorMs } = createClock();
		for (let ms = 0; ms < 2000; ms += 20) {
			arrive(SOUND, ms, 30 + (ms % 7));
			arrive(VIDEO, ms, 90 + (ms % 11));
		}
		expect(errorMs(SOUND, 1980)).toBeCloseTo(30, 3);
		expect(errorMs(VIDEO, 1980)).toBeCloseTo(90, 3);
		report(SOUND, 1990);
		expect(errorMs(VIDEO, 1980)).toBeCloseTo(90, 3);
	});

	it("puts both on the clock of the reports, by the fastest packet of either, over the wrap of timestamps", () => {
		const { arrive, report, errorMs } = createClock();
		report(SOUND, 0);
		report(VIDEO, 5);
		for (let ms = 0; ms < 2000; ms += 20) {
			arrive(SOUND, ms, 30 + (ms % 7));
			arrive(VIDEO, ms, 90 + (ms % 11));
		}
		expect(errorMs(SOUND, 1980)).toBeCloseTo(30, 3);
		expect(errorMs(VIDEO, 1980)).toBeCloseTo(30, 3);
		expect(errorMs(VIDEO, 2500)).toBeCloseTo(30, 3);
	});

	it("forgets a fast packet after some seconds, and at once when told so", () => {
		const { clock, arrive, report, errorMs } = createClock();
		report(SOUND, 0);
		arrive(SOUND, 0, 5);
		for (let ms = 20; ms < 9000; ms += 20) arrive(SOUND, ms, 40);
		expect(errorMs(SOUND, 8980)).toBeCloseTo(5, 3);
		for (let ms = 9000; ms < 12_000; ms += 20) arrive(SOUND, ms, 40);
		expect(errorMs(SOUND, 11_980)).toBeCloseTo(40, 3);
		arrive(SOUND, 12_000, 300);
		expect(errorMs(SOUND, 12_000)).toBeCloseTo(40, 3);
		clock.restart();
		expect(errorMs(SOUND, 12_000)).toBeCloseTo(300, 3);
	});

	it("believes no report that cannot be true", () => {
		const { clock, arrive, report, errorMs } = createClock();
		for (let ms = 0; ms < 100; ms += 20) {
			arrive(SOUND, ms, 30);
			arrive(VIDEO, ms, 90);
		}
		report(SOUND, 80);
		clock.report({ ssrc: VIDEO, ntpMs: PUBLISHER_STARTED_MS, rtpTimestamp: 0xffff_ffff });
		expect(errorMs(VIDEO, 80)).toBeCloseTo(90, 3);
		clock.report({ ssrc: VIDEO, ntpMs: PUBLISHER_STARTED_MS, rtpTimestamp: timestamp(VIDEO, 600_000) });
		expect(errorMs(VIDEO, 80)).toBeCloseTo(90, 3);
		// A clock of its own, ten seconds from that of the sound.
		clock.report({ ssrc: VIDEO, ntpMs: PUBLISHER_STARTED_MS + 10_000, rtpTimestamp: timestamp(VIDEO, 0) });
		expect(errorMs(VIDEO, 80)).toBeCloseTo(90, 3);
		report(VIDEO, 80);
		expect(errorMs(VIDEO, 80)).toBeCloseTo(30, 3);
	});
});

import { describe, expect, it } from "vitest";
import { randomOf } from "../test-support/sounds.ts";
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
	it("forgets a timestamp of nonsense with the next packet, and goes along with one that has jumped for good", () => {
		const { clock, arrive, report, errorMs } = createClock();
		for (let ms = 0; ms < 2000; ms += 20) {
			arrive(SOUND, ms, 30);
			arrive(VIDEO, ms, 90);
		}
		report(SOUND, 1990);
		report(VIDEO, 1990);
		for (const nonsense of [0x7000_0000, 0x1234, 0xf000_0000, 0x8fff_ffff]) {
			clock.arrived(VIDEO, nonsense, STARTED_MS + 2000);
			arrive(SOUND, 2000, 30);
			arrive(VIDEO, 2000, 90);
			expect(errorMs(VIDEO, 2000)).toBeCloseTo(30, 0);
			expect(errorMs(SOUND, 2000)).toBeCloseTo(30, 0);
		}
		clock.arrived(VIDEO, 7_000_000, STARTED_MS + 3000);
		expect(clock.captureMs(VIDEO, 7_009_000)).toBeCloseTo(STARTED_MS + 3100, 0);
	});

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

	it("keeps sound and video together while the publisher's clock is set", () => {
		const { clock, arrive, errorMs } = createClock();
		const told = (track: 1 | 2, mediaMs: number, setMs: number) =>
			clock.report({
				ssrc: track,
				ntpMs: PUBLISHER_STARTED_MS + mediaMs + setMs,
				rtpTimestamp: timestamp(track, mediaMs),
			});
		const bothAt = (mediaMs: number, expectedMs: number) => {
			expect(errorMs(SOUND, mediaMs)).toBeCloseTo(expectedMs, 3);
			expect(errorMs(VIDEO, mediaMs)).toBeCloseTo(expectedMs, 3);
		};
		for (let ms = 0; ms < 30_000; ms += 20) {
			arrive(SOUND, ms, 30);
			arrive(VIDEO, ms, 50);
			if (ms % 1000 === 0) told(SOUND, ms, ms < 5000 ? 0 : 400);
			if (ms % 1000 === 500) told(VIDEO, ms, ms < 5000 ? 0 : 400);
			if (ms > 600) bothAt(ms, 30);
		}
		// A single report gone astray, then one track alone whose clock is really another.
		told(SOUND, 30_000, -900);
		bothAt(30_000, 30);
		told(SOUND, 30_100, 400);
		for (const ms of [30_200, 31_200, 32_200]) told(VIDEO, ms, 440);
		expect(errorMs(VIDEO, 30_000) - errorMs(SOUND, 30_000)).toBeCloseTo(40, 3);
	});

	it.each([300, -300])("keeps them together for half an hour on clocks that are %d ppm apart", (ppm) => {
		const clock = new MediaClock([
			{ ssrc: VIDEO, clockRate: 90_000 },
			{ ssrc: SOUND, clockRate: 48_000 },
		]);
		const random = randomOf(7);
		// As browsers have it: video by the wall clock, sound by the sound card's, reports every 5 s by the wall clock.
		const soundAt = (ms: number) => Math.round(ms * (1 + ppm / 1e6) * 48) >>> 0;
		const videoAt = (ms: number) => Math.round(ms * 90) >>> 0;
		let worstMs = 0;
		let apartMs = 0;
		for (let ms = 0; ms < 31 * 60_000; ms += 20) {
			clock.arrived(SOUND, soundAt(ms), STARTED_MS + ms + 20 + random() * 30);
			clock.arrived(VIDEO, videoAt(ms), STARTED_MS + ms + 40 + random() * 60);
			if (ms % 5000 === 0) clock.report({ ssrc: SOUND, ntpMs: PUBLISHER_STARTED_MS + ms, rtpTimestamp: soundAt(ms) });
			if (ms % 5000 === 0) clock.report({ ssrc: VIDEO, ntpMs: PUBLISHER_STARTED_MS + ms, rtpTimestamp: videoAt(ms) });
			if (ms < 5000) continue;
			const sound = clock.captureMs(SOUND, soundAt(ms)) - STARTED_MS - ms - 20;
			const video = clock.captureMs(VIDEO, videoAt(ms)) - STARTED_MS - ms - 20;
			worstMs = Math.max(worstMs, Math.abs(sound), Math.abs(video));
			apartMs = Math.max(apartMs, Math.abs(sound - video));
		}
		expect(apartMs).toBeLessThan(2);
		expect(worstMs).toBeLessThan(8);
	});

	it.each([300, -300])("follows a publisher whose clocks are all %d ppm fast", (ppm) => {
		const { arrive, report, clock } = createClock();
		const random = randomOf(7);
		let worstMs = 0;
		let apartMs = 0;
		for (let ms = 0; ms < 31 * 60_000; ms += 20) {
			const media = ms * (1 + ppm / 1e6);
			const early = ms - media; // what `arrive` must take off, since it counts by the media
			arrive(SOUND, media, early + 20 + random() * 30);
			arrive(VIDEO, media, early + 40 + random() * 60);
			if (ms % 5000 === 0) for (const track of [SOUND, VIDEO] as const) report(track, media);
			if (ms < 5000) continue;
			const [sound = 0, video = 0] = ([SOUND, VIDEO] as const).map(
				(track) => clock.captureMs(track, timestamp(track, media)) - STARTED_MS - ms - 20,
			);
			worstMs = Math.max(worstMs, Math.abs(sound), Math.abs(video));
			apartMs = Math.max(apartMs, Math.abs(sound - video));
		}
		expect(apartMs).toBeLessThan(0.1);
		expect(worstMs).toBeLessThan(8);
	});
});

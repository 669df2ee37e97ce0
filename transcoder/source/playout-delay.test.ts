import { beforeEach, describe, expect, it } from "vitest";
import { JitterBuffer } from "./jitter-buffer.ts";
import { MediaClock } from "./media-clock.ts";
import { MAX_PLAYOUT_DELAY_MS, MIN_PLAYOUT_DELAY_MS, PlayoutDelay } from "./playout-delay.ts";
import { SoundPlacement } from "./sound-placement.ts";
import { SoundRing } from "./sound-ring.ts";

const AUDIO = 1;
const VIDEO = 2;
const TICK_MS = 1000 / 30;
const BASE_MS = 30;
const DECODE_MS = 6;
/** What a video picture takes longer than sound to be coded and sent. */
const VIDEO_LATER_MS = 30;

/** How long one packet takes beyond the least. */
type Way = (kind: "audio" | "video", atMs: number) => number;

let seed: number;
const random = () => {
	seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
	return seed / 0x7fff_ffff;
};

beforeEach(() => {
	seed = 1;
});

/** A person with sound and picture on a network, packet by packet and tick by tick, without a clock of our own. */
function simulate({
	durationS,
	way,
	kinds = ["audio", "video"],
}: {
	durationS: number;
	way: Way;
	kinds?: ("audio" | "video")[];
}) {
	const playout = new PlayoutDelay();
	const mediaClock = new MediaClock([
		{ ssrc: AUDIO, clockRate: 48_000 },
		{ ssrc: VIDEO, clockRate: 90_000 },
	]);
	const jitter = new JitterBuffer<{ sequence: number; captureMs: number }>({ waitMs: () => playout.soundWaitMs });
	const arrivals: { kind: "audio" | "video"; captureMs: number; atMs: number; sequence: number }[] = [];
	for (const kind of kinds) {
		const stepMs = kind === "audio" ? 20 : TICK_MS;
		for (let sequence = 0; sequence * stepMs < durationS * 1000; sequence++) {
			const captureMs = sequence * stepMs;
			const atMs = captureMs + BASE_MS + (kind === "video" ? VIDEO_LATER_MS + DECODE_MS : 0) + way(kind, captureMs);
			arrivals.push({ kind, captureMs, atMs, sequence });
		}
		const ssrc = kind === "audio" ? AUDIO : VIDEO;
		mediaClock.arrived(ssrc, 0, BASE_MS);
		mediaClock.report({ ssrc, ntpMs: 5e6, rtpTimestamp: 0 });
	}
	arrivals.sort((a, b) => a.atMs - b.atMs);
	const delays: number[] = [];
	const late: { atMs: number; kind: "audio" | "video" }[] = [];
	let next = 0;
	for (let nowMs = 0; nowMs < durationS * 1000; nowMs += TICK_MS) {
		for (let arrival = arrivals[next]; arrival && arrival.atMs <= nowMs; arrival = arrivals[++next]) {
			const { kind, captureMs, atMs, sequence } = arrival;
			const [ssrc, rate] = kind === "audio" ? [AUDIO, 48] : [VIDEO, 90];
			const timestamp = Math.round(captureMs * rate);
			mediaClock.arrived(ssrc, timestamp, atMs);
			playout.ready(kind, mediaClock.captureMs(ssrc, timestamp) - mediaClock.shiftMs, atMs);
			// What was mixed, or shown, by the tick before cannot be changed any more.
			const lastTickMs = nowMs - TICK_MS;
			const usedUntilMs = lastTickMs - MIN_PLAYOUT_DELAY_MS + (kind === "audio" ? TICK_MS : TICK_MS / 2);
			if (kind === "audio") jitter.push({ sequence: sequence & 0xffff, captureMs }, atMs);
			else if (mediaClock.captureMs(ssrc, timestamp) < usedUntilMs) late.push({ atMs, kind });
			if (kind === "audio")
				for (const { packet } of jitter.pull(atMs))
					if (mediaClock.captureMs(AUDIO, Math.round(packet.captureMs * 48)) < usedUntilMs) late.push({ atMs, kind });
		}
		playout.move(nowMs);
		mediaClock.shiftMs = playout.delayMs - MIN_PLAYOUT_DELAY_MS;
		delays.push(playout.delayMs);
	}
	const at = (s: number) => delays[Math.min(delays.length - 1, Math.floor((s * 1000) / TICK_MS))] ?? 0;
	const lateBetween = (fromS: number, toS: number) =>
		late.filter(({ atMs }) => atMs >= fromS * 1000 && atMs < toS * 1000).length;
	return { delays, at, lateBetween };
}

describe("playout delay", () => {
	it("is the least for sound alone on a good network", () => {
		const { at, lateBetween } = simulate({ durationS: 60, way: () => random() * 2, kinds: ["audio"] });
		expect(at(59)).toBeLessThan(44);
		expect(lateBetween(0, 60)).toBe(0);
	});

	it("waits on a good network for no more than what the picture takes longer than sound", () => {
		const { at, lateBetween } = simulate({ durationS: 60, way: () => random() * 3 });
		expect(at(59)).toBeLessThan(VIDEO_LATER_MS + DECODE_MS + 27);
		expect(lateBetween(0, 60)).toBe(0);
	});

	it("grows at once with packets that come late, and takes nearly all of them in then", () => {
		const way: Way = (_kind, atMs) => random() * (atMs > 30_000 ? 120 : 3);
		const { at, lateBetween } = simulate({ durationS: 60, way });
		expect(at(29)).toBeLessThan(70);
		expect(at(36)).toBeGreaterThan(140);
		expect(at(59)).toBeLessThan(200);
		// 50 packets and 30 pictures a second.
		expect(lateBetween(40, 60)).toBeLessThan(20 * 80 * 0.005);
	});

	it("waits for retransmissions where they are usual", () => {
		const way: Way = (kind, atMs) => random() * 3 + (kind === "audio" && atMs > 10_000 && random() < 0.03 ? 110 : 0);
		const { at, lateBetween } = simulate({ durationS: 60, way });
		expect(at(25)).toBeGreaterThan(110 + TICK_MS);
		expect(at(59)).toBeLessThan(190);
		expect(lateBetween(25, 60)).toBe(0);
	});

	it("lets one bad moment be one", () => {
		const way: Way = (_kind, atMs) => random() * 3 + (atMs > 30_000 && atMs < 30_200 ? 230 : 0);
		const { at } = simulate({ durationS: 40, way });
		expect(at(39)).toBeLessThan(75);
	});

	it("comes down slowly after the network is good again", () => {
		const way: Way = (_kind, atMs) => random() * (atMs < 30_000 ? 150 : 3);
		const { delays, at } = simulate({ durationS: 180, way });
		expect(at(30)).toBeGreaterThan(160);
		expect(at(179)).toBeLessThan(75);
		const steepest = Math.max(...delays.slice(1).map((delay, index) => (delays[index] ?? 0) - delay));
		expect(steepest).toBeLessThanOrEqual((2 * TICK_MS) / 1000 + 1e-9);
	});

	it("stays within its bounds whatever comes", () => {
		const way: Way = () => (random() < 0.3 ? 60_000 : random() * 900);
		const { delays } = simulate({ durationS: 100, way });
		expect(Math.max(...delays)).toBe(MAX_PLAYOUT_DELAY_MS);
		expect(Math.min(...delays)).toBeGreaterThanOrEqual(MIN_PLAYOUT_DELAY_MS);
		const playout = new PlayoutDelay();
		for (const captureMs of [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER]) playout.ready("video", captureMs, 0);
		for (let nowMs = 0; nowMs < 100_000; nowMs += 500) playout.move(nowMs);
		expect(playout.delayMs).toBeGreaterThanOrEqual(MIN_PLAYOUT_DELAY_MS);
	});

	it("never parts sound from picture by more than 30 ms as it moves", () => {
		const way: Way = (kind, atMs) =>
			random() * 3 + (kind === "video" && atMs > 30_000 && atMs < 60_000 ? 40 * random() : 0);
		const { delays } = simulate({ durationS: 120, way });
		expect(Math.max(...delays.slice(1000)) - Math.min(...delays.slice(300, 900))).toBeGreaterThan(25);
		const ring = new SoundRing();
		const placement = new SoundPlacement(ring);
		const mix = new Float32Array(2 * 960);
		const tone = Float32Array.from({ length: 2 * 960 }, (_, index) => 0.3 * Math.sin(index / 20));
		const apart: number[] = [];
		for (let captureMs = 1000; captureMs < 119_000; captureMs += 20) {
			const shiftMs = (delays[Math.floor(captureMs / TICK_MS)] ?? 0) - MIN_PLAYOUT_DELAY_MS;
			placement.place(tone, (captureMs + shiftMs) * 48);
			apart.push(Math.abs(ring.writtenUntil / 48 - (captureMs + 20 + shiftMs)));
			ring.addTo(mix, (captureMs - 100) * 48);
		}
		expect(Math.max(...apart)).toBeLessThan(30);
	});
});

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { record } from "../test-support/feed.ts";
import { largestStep } from "../test-support/sounds.ts";
import type { MediaClock } from "./media-clock.ts";
import { parseRtp, type RtpPacket } from "./rtp.ts";
import { SoundRing } from "./sound-ring.ts";
import { SoundTrack } from "./sound-track.ts";

const SAMPLES_PER_MS = 48;
const PACKET_MS = 20;
/** What was captured is mixed so much later. */
const DELAY_MS = 140;
const TONE_HZ = 600;
const tone = `sine=f=${TONE_HZ}:r=48000`;

let toneOnly: RtpPacket[];
let withPauses: RtpPacket[];
/** What the clock errs by now. */
let offsetMs: number;
let muted: boolean[];
let ring: SoundRing;
let track: SoundTrack;

async function packetsOf(source: string): Promise<RtpPacket[]> {
	const { packets } = await record("opus", source);
	return packets.map(({ packet, atMs }) => ({
		...(parseRtp(packet) as RtpPacket),
		timestamp: atMs * SAMPLES_PER_MS,
	}));
}

beforeAll(async () => {
	[toneOnly, withPauses] = await Promise.all([
		packetsOf(tone),
		packetsOf(`aevalsrc='0.3*sin(2*PI*${TONE_HZ}*t)*lt(mod(t\\,0.4)\\,0.3)':s=48000`),
	]);
}, 60_000);

beforeEach(async () => {
	offsetMs = 0;
	muted = [];
	ring = new SoundRing();
	const captureMs = (_ssrc: number, timestamp: number) => 1000 + timestamp / SAMPLES_PER_MS + offsetMs;
	const mediaClock = { captureMs, restart: () => {} } as unknown as MediaClock;
	track = new SoundTrack(
		{ ssrc: 1, waitMs: () => 60 },
		{ mediaClock, ring, events: { muted: (value) => muted.push(value) } },
	);
	await track.opened;
});

/** Plays them, and has the sound of the left channel from 1 s on; the clock errs by `errors` from that time on. */
async function play(
	packets: (RtpPacket | undefined)[],
	errors: { atMs: number; offsetMs: number }[],
): Promise<Float32Array> {
	const durationMs = packets.length * PACKET_MS;
	const heard = new Float32Array((durationMs + DELAY_MS) * SAMPLES_PER_MS);
	for (let atMs = 0; atMs < durationMs + DELAY_MS; atMs += PACKET_MS) {
		for (const error of errors) if (error.atMs <= atMs) offsetMs = error.offsetMs;
		const packet = packets[atMs / PACKET_MS];
		await track.opened;
		if (packet) track.push(packet, 1000 + atMs);
		else track.tick(1000 + atMs);
		const mixedMs = atMs - DELAY_MS;
		const mix = new Float32Array(2 * PACKET_MS * SAMPLES_PER_MS);
		ring.addTo(mix, (1000 + mixedMs) * SAMPLES_PER_MS);
		for (let i = 0; i < mix.length / 2 && mixedMs >= 0; i++) heard[mixedMs * SAMPLES_PER_MS + i] = mix[i * 2] ?? 0;
	}
	track.close();
	return heard;
}

function risingCrossings(samples: Float32Array, fromMs: number, toMs: number): number {
	let crossings = 0;
	for (let at = fromMs * SAMPLES_PER_MS + 1; at < toMs * SAMPLES_PER_MS; at++) {
		if ((samples[at - 1] ?? 0) < 0 && (samples[at] ?? 0) >= 0) crossings++;
	}
	return crossings;
}

/** First sample of sound after `fromMs`, in ms. */
function onset(samples: Float32Array, fromMs: number): number {
	const at = samples.findIndex((sample, index) => index >= fromMs * SAMPLES_PER_MS && Math.abs(sample) > 0.05);
	return at / SAMPLES_PER_MS;
}

describe("sound track", () => {
	it("goes to its place without a change of pitch before anything of it was heard", async () => {
		const heard = await play(toneOnly, [
			{ atMs: 0, offsetMs: 30 },
			{ atMs: 60, offsetMs: 0 },
		]);
		expect(risingCrossings(heard, 200, 1200)).toBeGreaterThanOrEqual(TONE_HZ - 1);
		expect(risingCrossings(heard, 200, 1200)).toBeLessThanOrEqual(TONE_HZ + 1);
	});

	it("goes to its place in a pause", async () => {
		const heard = await play(withPauses, [
			{ atMs: 0, offsetMs: 30 },
			{ atMs: 250, offsetMs: 0 },
		]);
		const codecMs = onset(heard, 1950) - 2000;
		expect(onset(heard, 0) - codecMs).toBeGreaterThan(25);
		expect(onset(heard, 350) - codecMs).toBeCloseTo(400, 0);
	});

	it("is stretched while it is heard", async () => {
		const heard = await play(toneOnly, [
			{ atMs: 0, offsetMs: 0 },
			{ atMs: 400, offsetMs: 30 },
		]);
		expect(risingCrossings(heard, 450, 1450)).toBeLessThan(TONE_HZ - 2);
		expect(risingCrossings(heard, 450, 1450)).toBeGreaterThan(TONE_HZ - 8);
		for (let at = 450; at < 1450; at += 2)
			expect(Math.max(...heard.subarray(at * 48, at * 48 + 96))).toBeGreaterThan(0.1);
	});

	it("is silent while its packets are broken, and comes back", async () => {
		const broken = toneOnly.map((packet, index) => {
			if (index < 40 || index >= 110) return packet;
			return { ...packet, payload: Buffer.concat([Buffer.from([packet.payload.readUInt8(0) | 3, 0]), packet.payload]) };
		});
		const heard = await play(broken, []);
		expect(muted).toEqual([true, false]);
		expect(Math.max(...heard.subarray(900 * 48, 2200 * 48))).toBe(0);
		expect(risingCrossings(heard, 3250, 3750)).toBe(TONE_HZ / 2);
	});

	it("fills what is lost, and fades out where no more comes, without clicks", async () => {
		const lossy = toneOnly.slice(0, 150).filter((_, index) => index % 10 !== 7);
		const indexed = new Map(lossy.map((packet) => [Math.round(packet.timestamp / SAMPLES_PER_MS / PACKET_MS), packet]));
		const heard = await play(
			Array.from({ length: 170 }, (_, index) => indexed.get(index)),
			[],
		);
		expect(risingCrossings(heard, 500, 2500)).toBe(TONE_HZ * 2);
		for (let at = 200; at < 2990; at += 5)
			expect(Math.max(...heard.subarray(at * 48, at * 48 + 240))).toBeGreaterThan(0.05);
		expect(Math.max(...heard.subarray(3110 * 48).map(Math.abs))).toBeLessThan(0.001);
		expect(steepest(heard)).toBeLessThan(0.125 * ((2 * Math.PI * TONE_HZ) / 48_000) * 1.1);
	});

	it("fades out when it is closed", async () => {
		await play(toneOnly.slice(0, 40), []);
		for (const packet of toneOnly.slice(40, 50)) track.push(packet, 1000 + 40 * PACKET_MS + DELAY_MS);
		track.close();
		const rest = new Float32Array(2 * 500 * SAMPLES_PER_MS);
		ring.addTo(rest, ring.readUntil);
		expect(largestStep(rest)).toBeLessThan(0.125 * ((2 * Math.PI * TONE_HZ) / 48_000) * 1.1);
	});
});

function steepest(left: Float32Array): number {
	let largest = 0;
	for (let i = 1; i < left.length; i++)
		largest = Math.max(largest, Math.abs((left[i] as number) - (left[i - 1] as number)));
	return largest;
}

import { createEncoder, type EncoderOptions } from "libopus-wasm";
import { describe, expect, it } from "vitest";
import { largestStep, randomOf, speechLike, tone } from "../test-support/sounds.ts";
import { OpusDecoder } from "./opus-decoder.ts";
import { SoundConcealer } from "./sound-concealer.ts";

const FRAME = 960;
/** Sound that was made up may be that much steeper than the original; a click is several times as steep. */
const CLEAN = 1.1;
const MUSIC: EncoderOptions = { bitrate: 64_000 };
/** As browsers encode a voice where packets are lost. */
const VOICE: EncoderOptions = { bitrate: 32_000, channels: 1, application: 2048, fec: true, packetLossPercent: 20 };

async function encode(samples: Float32Array, options: EncoderOptions): Promise<Buffer[]> {
	const encoder = await createEncoder(options);
	const packets: Buffer[] = [];
	for (let at = 0; at + FRAME * 2 <= samples.length; at += FRAME * 2) {
		const frame = samples.subarray(at, at + FRAME * 2);
		packets.push(
			Buffer.from(encoder.encodeFloat(encoder.channels === 2 ? frame : frame.filter((_, i) => i % 2 === 0))),
		);
	}
	encoder.free();
	return packets;
}

/** The sound of the packets; where `lost` says so, of what is made up. */
async function heard(packets: Buffer[], lost: (index: number) => boolean): Promise<Float32Array> {
	const decoder = await OpusDecoder.open();
	const concealer = new SoundConcealer(decoder);
	const output = new Float32Array(packets.length * FRAME * 2);
	let done = 0;
	for (const [index, packet] of packets.entries()) {
		if (lost(index)) continue;
		if (index > done) output.set(concealer.fill((index - done) * FRAME, packet) ?? [], done * FRAME * 2);
		output.set(concealer.decode(packet) ?? [], index * FRAME * 2);
		done = index + 1;
	}
	decoder.close();
	return output;
}

function energy(samples: Float32Array): number {
	return samples.reduce((sum, sample) => sum + sample * sample, 0);
}

/** In dB: what is left of the lost frames' sound when what was made up is taken away. Silence in their place leaves 0 dB. */
function residualDb(clean: Float32Array, made: Float32Array, lost: number[]): { residual: number; loudness: number } {
	let rest = 0;
	let sum = 0;
	let loud = 0;
	for (const index of lost) {
		const [a, b] = [clean, made].map((samples) => samples.subarray(index * FRAME * 2, (index + 1) * FRAME * 2));
		rest += energy((a as Float32Array).map((sample, i) => sample - ((b as Float32Array)[i] ?? 0)));
		sum += energy(a as Float32Array);
		loud += energy(b as Float32Array);
	}
	return { residual: 10 * Math.log10(rest / sum), loudness: 10 * Math.log10(loud / sum) };
}

function randomLosses(count: number, share: number): number[] {
	const random = randomOf(11);
	return Array.from({ length: count }, (_, index) => index).filter(
		(index) => random() < share && index > 5 && index < count - 3,
	);
}

const sounds = { tone: tone(440, 0.5, 12), speech: speechLike(12) };

describe("sound concealer", () => {
	it.each([
		{ sound: "tone" as const, encoder: MUSIC, share: 0.05, atMostDb: -15 },
		{ sound: "tone" as const, encoder: MUSIC, share: 0.2, atMostDb: -8 },
		{ sound: "speech" as const, encoder: MUSIC, share: 0.05, atMostDb: -2 },
		{ sound: "speech" as const, encoder: MUSIC, share: 0.2, atMostDb: -1 },
		{ sound: "speech" as const, encoder: VOICE, share: 0.05, atMostDb: -12 },
		{ sound: "speech" as const, encoder: VOICE, share: 0.2, atMostDb: -4.5 },
	])(
		"makes up $share of a $sound better than silence by $atMostDb dB, without clicks",
		async ({ sound, encoder, share, atMostDb }) => {
			const packets = await encode(sounds[sound], encoder);
			const lost = randomLosses(packets.length, share);
			expect(lost.length).toBeGreaterThan(packets.length * share * 0.6);
			const clean = await heard(packets, () => false);
			const made = await heard(packets, (index) => lost.includes(index));
			const { residual, loudness } = residualDb(clean, made, lost);
			expect(loudness).toBeGreaterThan(-7);
			expect(residual).toBeLessThan(atMostDb);
			expect(largestStep(made)).toBeLessThanOrEqual(largestStep(clean) * CLEAN);
		},
	);

	it("fades what goes on for long to silence within 100 ms, and returns without a click", async () => {
		const packets = await encode(sounds.tone, MUSIC);
		const clean = await heard(packets, () => false);
		const made = await heard(packets, (index) => index >= 100 && index < 104);
		expect(energy(made.subarray(100 * FRAME * 2, 101 * FRAME * 2))).toBeGreaterThan(50);
		expect(energy(made.subarray(104 * FRAME * 2 - 480, 104 * FRAME * 2))).toBeLessThan(5);
		expect(largestStep(made)).toBeLessThanOrEqual(largestStep(clean) * CLEAN);
		const decoder = await OpusDecoder.open();
		const concealer = new SoundConcealer(decoder);
		expect(concealer.fill(960)).toBeUndefined(); // nothing to go on from
		concealer.decode(packets[0] as Buffer);
		expect(concealer.fill(5760)).toHaveLength(4800 * 2);
		expect(concealer.fill(120)).toBeUndefined();
		decoder.close();
	});

	it("is right again after anything that was fed to it", async () => {
		const packets = await encode(sounds.speech, VOICE);
		const random = randomOf(3);
		const garbage = Array.from({ length: 400 }, () =>
			Buffer.from(Array.from({ length: 1 + random() * 300 }, () => random() * 256)),
		);
		const decoder = await OpusDecoder.open();
		const concealer = new SoundConcealer(decoder);
		for (const packet of garbage) {
			expect(Math.max(0, ...(concealer.decode(packet) ?? []).map(Math.abs))).toBeLessThanOrEqual(1);
			concealer.fill(960, packet);
		}
		decoder.close();
		const clean = await heard(packets, () => false);
		expect(energy(clean)).toBeGreaterThan(1000);
	});
});

import { describe, expect, it } from "vitest";
import { measureLoudness } from "../test-support/measure-loudness.ts";
import { randomOf, speechLike, stereo, tone } from "../test-support/sounds.ts";
import { GainControl } from "./gain-control.ts";
import { LoudnessMeter } from "./loudness-meter.ts";

const TICK = 1600;
const RATE = 48_000;

function louder(samples: Float32Array, db: number): Float32Array {
	return samples.map((sample) => sample * 10 ** (db / 20));
}

function joined(...parts: Float32Array[]): Float32Array {
	const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		all.set(part, at);
		at += part.length;
	}
	return all;
}

/** Through a gain control in ticks. Also the gain of every tick in dB. */
function controlled(samples: Float32Array): { output: Float32Array; gainsDb: number[] } {
	const control = new GainControl();
	const output = samples.slice();
	const gainsDb: number[] = [];
	for (let at = 0; at + TICK * 2 <= output.length; at += TICK * 2) {
		const tick = output.subarray(at, at + TICK * 2);
		control.process(tick);
		const loudest = tick.reduce(
			(best, _, i) => (Math.abs(tick[i] as number) > Math.abs(tick[best] as number) ? i : best),
			0,
		);
		const ratio = (tick[loudest] as number) / (samples[at + loudest] as number);
		gainsDb.push(Number.isNaN(ratio) ? (gainsDb.at(-1) ?? 0) : 20 * Math.log10(ratio));
	}
	return { output, gainsDb };
}

const speech = speechLike(24);
const { lufs: speechLufs } = await measureLoudness(speech);
const at = (lufs: number) => louder(speech, lufs - speechLufs);
const random = randomOf(9);
const noise = stereo(24, () => random() * 2 - 1);
const { lufs: noiseLufs } = await measureLoudness(noise);
const noiseAt = (lufs: number) => louder(noise, lufs - noiseLufs);

describe("loudness meter", () => {
	it("counts as BS.1770 does", async () => {
		for (const hz of [100, 997, 8000]) {
			const meter = new LoudnessMeter();
			const samples = tone(hz, 10 ** (-23 / 20), 1);
			let measured = 0;
			for (let i = 0; i < samples.length; i += TICK * 2) measured = meter.push(samples.subarray(i, i + TICK * 2));
			const judged = await measureLoudness(samples);
			expect(Math.abs(measured - judged.lufs)).toBeLessThan(0.1);
		}
		expect(new LoudnessMeter().push(new Float32Array(TICK * 2))).toBeLessThan(-200);
	});
});

describe("gain control", () => {
	it.each([-26, -20, -16, -8])("brings speech of %d LUFS to -16", async (lufs) => {
		const { output } = controlled(at(lufs));
		const { lufs: reached } = await measureLoudness(output.subarray(8 * RATE * 2));
		expect(reached).toBeGreaterThan(-17.5);
		expect(reached).toBeLessThan(-14.5);
	});

	it.each([-28, -5])("takes a tone of %d LUFS up by 3 dB a second at most, and down by 12", (lufs) => {
		const { gainsDb } = controlled(tone(997, 10 ** (lufs / 20), 6));
		for (const [tick, gain] of gainsDb.slice(30).entries()) {
			const change = gain - (gainsDb[tick] as number);
			expect(change).toBeLessThan(3.3); // 3 dB in 30 to 32 ticks
			expect(change).toBeGreaterThan(-12.9);
		}
		expect(gainsDb.at(-1)).toBeCloseTo(-16 - lufs, 0);
	});

	it("changes nobody by more than 12 dB", async () => {
		expect(Math.max(...controlled(at(-36)).gainsDb)).toBeLessThan(12.2);
		expect(Math.min(...controlled(at(-1)).gainsDb)).toBeGreaterThan(-15.2);
	});

	it("leaves noise and silence as they are", () => {
		for (const quiet of [noiseAt(-50), new Float32Array(10 * RATE * 2)]) {
			for (const gain of controlled(quiet).gainsDb) expect(Math.abs(gain)).toBeLessThan(0.01);
		}
	});

	it("keeps the gain in pauses, whatever hums in them", () => {
		const { gainsDb } = controlled(joined(at(-24).subarray(0, 12 * RATE * 2), noiseAt(-40), at(-24)));
		const spoken = gainsDb[11 * 30] as number;
		expect(spoken).toBeGreaterThan(6);
		for (const gain of gainsDb.slice(13 * 30, 35 * 30)) expect(Math.abs(gain - spoken)).toBeLessThan(1);
	});
});

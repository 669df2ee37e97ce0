import { expect, it } from "vitest";
import { measureLoudness } from "../test-support/measure-loudness.ts";
import { largestStep, speechLike, tone } from "../test-support/sounds.ts";
import { Mixer, type SoundSource } from "./mixer.ts";

const TICK = 1600;
const START = 86_400_000_000_000;

/** Plays samples from START on. */
function sourceOf(samples: Float32Array): SoundSource {
	return {
		addSound: (mix, position) => {
			const from = (position - START) * 2;
			for (let i = 0; i < mix.length; i++) mix[i] = (mix[i] as number) + (samples[from + i] ?? 0);
		},
	};
}

/** The mix of `ticks` ticks; `present` says who is there at each. */
function mixed(ticks: number, present: (tick: number) => SoundSource[]): Float32Array {
	const mixer = new Mixer();
	const output = new Float32Array(ticks * TICK * 2);
	for (let tick = 0; tick < ticks; tick++) output.set(mixer.mix(present(tick), START + tick * TICK), tick * TICK * 2);
	return output;
}

it("does not clip with 16 people who talk at once, and hears all of them", async () => {
	const speech = speechLike(14, 0.7);
	const people = Array.from({ length: 16 }, (_, index) => sourceOf(speech.subarray(2 * 7919 * index)));
	const output = mixed(300, () => people);
	const { lufs, truePeakDb } = await measureLoudness(output);
	expect(truePeakDb).toBeLessThan(-1);
	expect(lufs).toBeGreaterThan(-12);
});

it("brings one person to -16 LUFS, below -1 dBTP", async () => {
	for (const amplitude of [0.25, 0.9]) {
		const speaker = sourceOf(speechLike(20, amplitude));
		const { lufs, truePeakDb } = await measureLoudness(mixed(600, () => [speaker]).subarray(8 * 48_000 * 2));
		expect(lufs).toBeGreaterThan(-17.5);
		expect(lufs).toBeLessThan(-14.5);
		expect(truePeakDb).toBeLessThan(-1);
	}
});

it("keeps a person's sound at its time", () => {
	const samples = new Float32Array(TICK * 10 * 2);
	samples[2 * 5000] = 0.5;
	expect(mixed(5, () => [sourceOf(samples)]).findIndex((sample) => sample > 0.4)).toBe(2 * 5000);
});

it("fades who leaves in the midst of a word", () => {
	const hum = tone(200, 0.15, 3);
	const person = sourceOf(hum);
	const output = mixed(60, (tick) => (tick < 30 ? [person] : []));
	expect(largestStep(output.subarray(TICK * 2))).toBeLessThan(0.006);
	expect(Math.max(...output.subarray(29 * TICK * 2, 30 * TICK * 2))).toBeGreaterThan(0.1);
	expect(Math.max(...output.subarray(31 * TICK * 2))).toBe(0);
});

import { expect, test } from "vitest";
import { Voice } from "./voice.ts";

const TURN_MS = 4800;

/** Root mean square of a voice from one moment to another, of 32768. */
function loudnessOf(voice: Voice, fromMs: number, toMs: number): number {
	let sum = 0;
	let count = 0;
	for (let nowMs = fromMs; nowMs < toMs; nowMs += 10) {
		for (const sample of voice.speak(nowMs).chunk.samples) sum += sample * sample;
		count += 480;
	}
	return Math.sqrt(sum / count);
}

test("two people who share a clock take turns", () => {
	const first = new Voice({ pitchHz: 120, turn: 0, turns: 2 });
	const second = new Voice({ pitchHz: 200, turn: 1, turns: 2 });
	expect(loudnessOf(first, 0, TURN_MS)).toBeGreaterThan(1000);
	expect(loudnessOf(second, 0, TURN_MS)).toBe(0);
	expect(loudnessOf(first, TURN_MS, 2 * TURN_MS)).toBeLessThan(50); // the last syllable fades
	expect(loudnessOf(second, TURN_MS, 2 * TURN_MS)).toBeGreaterThan(1000);
});

test("a voice never clips and says how loud it is", () => {
	const voice = new Voice({ pitchHz: 120, turn: 0, turns: 1 });
	let loudest = 0;
	let highest = 0;
	for (let nowMs = 0; nowMs < 10_000; nowMs += 10) {
		const { chunk, level } = voice.speak(nowMs);
		loudest = Math.max(loudest, level);
		for (const sample of chunk.samples) highest = Math.max(highest, Math.abs(sample));
	}
	expect(highest).toBeLessThan(20_000);
	expect(loudest).toBeGreaterThan(0.5);
	expect(loudest).toBeLessThanOrEqual(1);
});

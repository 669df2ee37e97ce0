import { expect, test } from "vitest";
import { levelOf } from "./level-meter.ts";

const sine = (amplitude: number) =>
	Float32Array.from({ length: 480 }, (_, i) => amplitude * Math.sin((i * 2 * Math.PI) / 48));

test("silence is 0, and ten times the amplitude is 20 of the 60 dB more", () => {
	expect(levelOf(new Float32Array(480))).toBe(0);
	expect(levelOf(sine(0.1)) - levelOf(sine(0.01))).toBeCloseTo(1 / 3, 3);
	expect(levelOf(sine(1))).toBeCloseTo(1 - 3.01 / 60, 3);
});

test("no input leaves the scale", () => {
	expect(levelOf(new Float32Array(480).fill(4))).toBe(1);
});

import { expect, it } from "vitest";
import { audioLevel } from "./audio-level.ts";

it("counts decibels below a full-scale square wave, within 0 and 127", () => {
	expect(audioLevel(1)).toBe(0);
	expect(audioLevel(0.5)).toBe(3); // a full-scale sine
	expect(audioLevel(0.01)).toBe(20);
	expect(audioLevel(4)).toBe(0);
	expect(audioLevel(1e-20)).toBe(127);
	expect(audioLevel(0)).toBe(127);
	expect(audioLevel(Number.NaN)).toBe(127); // nothing was mixed yet
});

import { expect, it } from "vitest";
import { LIMITER_LOOKAHEAD, Limiter } from "./limiter.ts";

const TICK = 1600;

/** Through a limiter in ticks, as the mixer does it. */
function limited(samples: Float32Array): Float32Array {
	const limiter = new Limiter();
	const output = new Float32Array(samples.length);
	for (let at = 0; at + (TICK + LIMITER_LOOKAHEAD) * 2 <= samples.length; at += TICK * 2) {
		const mix = samples.slice(at, at + (TICK + LIMITER_LOOKAHEAD) * 2);
		limiter.process(mix);
		output.set(mix.subarray(0, TICK * 2), at);
	}
	return output.subarray(0, Math.floor((samples.length / 2 - LIMITER_LOOKAHEAD) / TICK) * TICK * 2);
}

function sine(amplitude: (i: number) => number, length: number): Float32Array {
	return Float32Array.from({ length: length * 2 }, (_, i) => amplitude(i >> 1) * Math.sin((i >> 1) * 0.05));
}

it("leaves sound alone that is not too loud", () => {
	const input = sine(() => 0.83, 10_000);
	const output = limited(input);
	expect(output.length).toBeGreaterThan(0);
	expect(output).toEqual(input.subarray(0, output.length));
});

it("passes its ceiling with nothing: a burst, a click, four times full scale", () => {
	const input = sine((i) => (i > 5000 && i < 9000 ? 4 : 0.5), 20_000);
	input[2 * 12_345] = 7;
	const output = limited(input);
	let peak = 0;
	for (const sample of output) peak = Math.max(peak, Math.abs(sample));
	expect(peak).toBeLessThan(0.8415);
	expect(peak).toBeGreaterThan(0.75);
});

it("turns down without steps, and comes back", () => {
	const input = sine((i) => 0.5 + 1.5 * Math.max(0, Math.min(1, (i - 5000) / 1000, (12_000 - i) / 1000)), 60_000);
	const output = limited(input);
	let largestStep = 0;
	for (let i = 2; i < output.length; i++)
		largestStep = Math.max(largestStep, Math.abs((output[i] ?? 0) - (output[i - 2] ?? 0)));
	expect(largestStep).toBeLessThan(0.06); // the sine itself moves by 0.05
	const end = output.length - 2;
	expect(Math.abs((output[end] ?? 0) - (input[end] ?? 0))).toBeLessThan(0.01);
});

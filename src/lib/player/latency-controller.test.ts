import { expect, test } from "vitest";
import { LatencyController } from "./latency-controller.ts";

/** Plays for `seconds`: the latency follows the rate, the buffer saws with the parts and grows with the latency. */
function play(
	controller: LatencyController,
	seconds: number,
	latencyMs: number,
	{ startMs = 0, bufferShareMs = 500 } = {},
) {
	const rates: number[] = [];
	let nowMs = startMs;
	for (let i = 0; i < seconds * 4; i++, nowMs += 250) {
		const sawMs = (nowMs % 333) + bufferShareMs;
		const rate = controller.rate({ nowMs, latencyMs, bufferMs: latencyMs - sawMs });
		latencyMs -= (rate - 1) * 250;
		rates.push(rate);
	}
	return { latencyMs, rates, nowMs };
}

test("a late playhead catches up to the target and then plays at the normal rate", () => {
	const controller = new LatencyController();
	const { latencyMs, rates } = play(controller, 60, 3000);
	expect(Math.max(...rates)).toBe(1.08);
	expect(latencyMs).toBeGreaterThan(1250);
	expect(latencyMs).toBeLessThan(1400);
	expect(rates.slice(-100)).toEqual(Array(100).fill(1));
});

test("a playhead ahead of the target falls back gently", () => {
	const { latencyMs, rates } = play(new LatencyController(), 60, 900);
	expect(Math.min(...rates)).toBeGreaterThanOrEqual(0.97);
	expect(latencyMs).toBeGreaterThan(1250);
	expect(rates.at(-1)).toBe(1);
});

test("jitter of the latency inside the dead band leaves the rate alone", () => {
	const controller = new LatencyController();
	for (let i = 0; i < 200; i++) {
		const latencyMs = 1300 + (i % 2 ? 90 : -90);
		expect(controller.rate({ nowMs: i * 250, latencyMs, bufferMs: 900 })).toBe(1);
	}
});

test("it does not catch up at the price of a thin buffer", () => {
	// A slow server: 2 s late, and yet only 100 to 430 ms ahead of the playhead.
	const { rates } = play(new LatencyController(), 10, 2000, { bufferShareMs: 1500 });
	expect(Math.max(...rates)).toBe(1);
});

test("a buffer about to run dry is stretched", () => {
	expect(new LatencyController().rate({ nowMs: 0, latencyMs: 2500, bufferMs: 100 })).toBe(0.97);
});

test("every stall widens the target up to a bound, and it is slowly taken back", () => {
	const controller = new LatencyController();
	controller.stalled(0);
	expect(controller.targetMs(0)).toBe(1600);
	controller.stalled(0);
	expect(controller.targetMs(0)).toBe(1900);
	expect(controller.targetMs(90_000)).toBe(1600);
	expect(controller.targetMs(1_000_000)).toBe(1300);
	for (let i = 0; i < 50; i++) controller.stalled(1_000_000);
	expect(controller.targetMs(1_000_000)).toBe(3300);
});

test("far behind, only a jump helps", () => {
	const controller = new LatencyController();
	expect(controller.isTooLate({ nowMs: 0, latencyMs: 4000 })).toBe(false);
	expect(controller.isTooLate({ nowMs: 0, latencyMs: 4400 })).toBe(true);
});

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
	const { latencyMs, rates } = play(controller, 240, 3000);
	expect(Math.max(...rates)).toBe(1.08);
	expect(latencyMs).toBeGreaterThan(1250);
	expect(latencyMs).toBeLessThan(1400);
	expect(rates.slice(-100)).toEqual(Array(100).fill(1));
});

test("a playhead ahead of the target falls back gently", () => {
	const { latencyMs, rates } = play(new LatencyController(), 60, 900);
	expect(Math.min(...rates)).toBeGreaterThanOrEqual(0.97);
	expect(latencyMs).toBeGreaterThan(1500);
	expect(rates.at(-1)).toBe(1);
});

test("it keeps more distance at the start, and gives it back when all goes well", () => {
	const controller = new LatencyController();
	const { latencyMs, nowMs } = play(controller, 30, 1300);
	expect(latencyMs).toBeGreaterThan(1650);
	expect(play(controller, 180, latencyMs, { startMs: nowMs }).latencyMs).toBeLessThan(1450);
});

test("a buffer that nearly ran dry is remembered for a while", () => {
	const controller = new LatencyController();
	controller.rate({ nowMs: 0, latencyMs: 1800, bufferMs: 900 });
	const before = controller.targetMs(1000);
	controller.rate({ nowMs: 1000, latencyMs: 1800, bufferMs: 50 });
	controller.rate({ nowMs: 1250, latencyMs: 1800, bufferMs: 900 });
	expect(controller.targetMs(1000)).toBe(before + 100);
});

test("jitter of the latency inside the dead band leaves the rate alone", () => {
	const controller = new LatencyController();
	for (let i = 0; i < 200; i++) {
		const nowMs = i * 250;
		const latencyMs = controller.targetMs(nowMs) + (i % 2 ? 90 : -90);
		expect(controller.rate({ nowMs, latencyMs, bufferMs: 900 })).toBe(1);
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
	expect(controller.targetMs(0)).toBe(1800);
	controller.stalled(0);
	expect(controller.targetMs(0)).toBe(2100);
	controller.stalled(0);
	expect(controller.targetMs(0)).toBe(2400);
	expect(controller.targetMs(90_000)).toBe(2100);
	expect(controller.targetMs(1_000_000)).toBe(1300);
	for (let i = 0; i < 50; i++) controller.stalled(1_000_000);
	expect(controller.targetMs(1_000_000)).toBe(3300);
});

test("far behind, only a jump helps", () => {
	const controller = new LatencyController();
	expect(controller.isTooLate({ nowMs: 0, latencyMs: 4700 })).toBe(false);
	expect(controller.isTooLate({ nowMs: 0, latencyMs: 4900 })).toBe(true);
});

test("a start that took long is made up for by a jump at once", () => {
	const controller = new LatencyController();
	const late = { latencyMs: 3500, bufferMs: 2000 };
	controller.rate({ nowMs: 0, ...late });
	expect(controller.isTooLate({ nowMs: 0, ...late })).toBe(true);
	expect(controller.isTooLate({ nowMs: 5000, ...late })).toBe(false);
});

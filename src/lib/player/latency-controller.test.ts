import { expect, test } from "vitest";
import { LatencyController } from "./latency-controller.ts";

/** Plays for `seconds`: the latency follows the rate, the buffer saws with the parts and grows with the latency. */
function play(
	controller: LatencyController,
	seconds: number,
	latencyMs: number,
	{ startMs = 0, awayMs = 120, partMs = 333 } = {},
) {
	const rates: number[] = [];
	let nowMs = startMs;
	for (let i = 0; i < seconds * 4; i++, nowMs += 250) {
		// What is not in the buffer: the part that is being made, and `awayMs` of encoding and network.
		const rate = controller.rate({ nowMs, latencyMs, bufferMs: latencyMs - (nowMs % partMs) - awayMs });
		latencyMs -= (rate - 1) * 250;
		rates.push(rate);
	}
	return { latencyMs, rates, nowMs };
}

test("it starts half a second farther away, and comes down to two and a half parts within half a minute", () => {
	const controller = new LatencyController();
	expect(controller.targetMs).toBe(1300);
	const { latencyMs, nowMs } = play(controller, 30, 1300);
	expect(latencyMs).toBeLessThan(900);
	const later = play(controller, 60, latencyMs, { startMs: nowMs });
	expect(later.latencyMs).toBeGreaterThan(780);
	expect(later.rates.slice(-100)).toEqual(Array(100).fill(1));
});

test("a stream with other parts sets another target", () => {
	const controller = new LatencyController();
	controller.holdBackMs = 600;
	const { latencyMs } = play(controller, 60, 1000, { partMs: 200, awayMs: 60 });
	expect(latencyMs).toBeGreaterThan(460);
	expect(latencyMs).toBeLessThan(600);
});

test("it stays where the buffer begins to get thin", () => {
	// A slow machine: half a second from composition until it is here.
	const controller = new LatencyController();
	const { latencyMs, nowMs } = play(controller, 120, 1500, { awayMs: 500 });
	expect(latencyMs - 333 - 500).toBeGreaterThan(150);
	expect(play(controller, 60, latencyMs, { startMs: nowMs, awayMs: 500 }).latencyMs).toBeCloseTo(latencyMs, -1);
});

test("nothing brings it below the floor it was given", () => {
	const controller = new LatencyController();
	controller.floorMs = 1500;
	expect(play(controller, 60, 2000).latencyMs).toBeGreaterThan(1480);
});

test("a late playhead catches up no faster than speech bears", () => {
	const { latencyMs, rates } = play(new LatencyController(), 60, 3000);
	expect(Math.max(...rates)).toBe(1.08);
	expect(latencyMs).toBeLessThan(900);
});

test("a playhead ahead of the target falls back gently", () => {
	const { latencyMs, rates } = play(new LatencyController(), 10, 700, { awayMs: 0 });
	expect(Math.min(...rates)).toBeGreaterThanOrEqual(0.97);
	expect(latencyMs).toBeGreaterThan(800);
});

test("a buffer that nearly ran dry is remembered for a while", () => {
	const controller = new LatencyController();
	const { nowMs, latencyMs } = play(controller, 60, 1300);
	expect(controller.targetMs).toBe(800);
	expect(controller.rate({ nowMs, latencyMs, bufferMs: 50 })).toBe(0.97);
	controller.rate({ nowMs: nowMs + 250, latencyMs, bufferMs: 60 });
	expect(controller.targetMs).toBe(1100);
	const later = play(controller, 60, latencyMs, { startMs: nowMs + 500 });
	expect(controller.targetMs).toBeGreaterThan(1000);
	play(controller, 180, later.latencyMs, { startMs: later.nowMs });
	expect(controller.targetMs).toBe(800);
});

test("jitter of the latency inside the dead band leaves the rate alone", () => {
	const controller = new LatencyController();
	controller.floorMs = 1300;
	for (let i = 0; i < 200; i++) {
		const latencyMs = 1300 + (i % 2 ? 70 : -70);
		expect(controller.rate({ nowMs: i * 250, latencyMs, bufferMs: 900 })).toBe(1);
	}
});

test("it does not catch up at the price of a thin buffer", () => {
	// A slow server: 2 s late, and yet only 70 to 400 ms ahead of the playhead.
	const { rates } = play(new LatencyController(), 10, 2000, { awayMs: 1600 });
	expect(Math.max(...rates)).toBe(1);
});

test("a buffer about to run dry is stretched", () => {
	expect(new LatencyController().rate({ nowMs: 0, latencyMs: 2500, bufferMs: 100 })).toBe(0.97);
});

test("every stall widens the target up to a bound, and it is slowly taken back", () => {
	const controller = new LatencyController();
	controller.stalled(0);
	expect(controller.targetMs).toBe(1600);
	controller.stalled(0);
	expect(controller.targetMs).toBe(1900);
	const { latencyMs, nowMs } = play(controller, 60, 1900);
	expect(latencyMs).toBeGreaterThan(1600);
	play(controller, 240, latencyMs, { startMs: nowMs });
	expect(controller.targetMs).toBe(800);
	for (let i = 0; i < 50; i++) controller.stalled(400_000);
	expect(controller.targetMs).toBe(3300);
});

test("an outage leaves the target alone, but for one that comes soon after other trouble", () => {
	const controller = new LatencyController();
	const { latencyMs, nowMs } = play(controller, 90, 1300);
	expect(controller.targetMs).toBe(800);
	controller.rate({ nowMs, latencyMs, bufferMs: 100 });
	controller.stalled(nowMs + 250);
	expect(controller.targetMs).toBe(1400);
	controller.rate({ nowMs: nowMs + 5000, latencyMs, bufferMs: 500 });
	expect(controller.targetMs).toBe(800);
	controller.stalled(nowMs + 10_000);
	controller.rate({ nowMs: nowMs + 15_000, latencyMs, bufferMs: 500 });
	expect(controller.targetMs).toBe(1100);
});

test("far behind, only a jump helps", () => {
	const controller = new LatencyController();
	expect(controller.isTooLate({ nowMs: 0, latencyMs: 4200 })).toBe(false);
	expect(controller.isTooLate({ nowMs: 0, latencyMs: 4400 })).toBe(true);
});

test("a short pause is made up for without a jump", () => {
	const controller = new LatencyController();
	const { nowMs } = play(controller, 60, 1400);
	controller.restarted({ followed: true });
	controller.rate({ nowMs, latencyMs: 3000, bufferMs: 2000 });
	expect(controller.isTooLate({ nowMs, latencyMs: 3000 })).toBe(false);
	expect(play(controller, 60, 3000, { startMs: nowMs }).latencyMs).toBeLessThan(1000);
	controller.restarted();
	controller.rate({ nowMs, latencyMs: 3000, bufferMs: 2000 });
	expect(controller.isTooLate({ nowMs, latencyMs: 3000 })).toBe(true);
});

test("a start that took long, and a stall, are made up for by a jump at once", () => {
	const controller = new LatencyController();
	const late = { latencyMs: 2800, bufferMs: 2000 };
	controller.rate({ nowMs: 0, ...late });
	expect(controller.isTooLate({ nowMs: 0, ...late })).toBe(true);
	expect(controller.isTooLate({ nowMs: 5000, ...late })).toBe(false);
	controller.stalled(5000);
	controller.rate({ nowMs: 9000, ...late });
	expect(controller.isTooLate({ nowMs: 9000, ...late })).toBe(true);
});

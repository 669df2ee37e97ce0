import { expect, test } from "vitest";
import { FreezeCounter } from "./freeze-counter.ts";

function setUp(intervalMs: number) {
	const counter = new FreezeCounter();
	let nowMs = 1_000;
	const frame = (afterMs: number, contiguous = true) => {
		nowMs += afterMs;
		counter.onFrame(nowMs, contiguous);
	};
	for (let index = 0; index < 40; index++) frame(intervalMs);
	return { counter, frame };
}

test.each([
	[33, 183, 0, "as long as mean + 150 ms"],
	[33, 184, 1, "longer"],
	[100, 300, 0, "three means"],
	[100, 301, 1, "more than three means"],
])("mean %i ms, gap %i ms: %i freezes (%s)", (intervalMs, gapMs, freezes, _what) => {
	const { counter, frame } = setUp(intervalMs);
	frame(gapMs);
	expect(counter.freezes).toBe(freezes);
});

test("each freeze counts once, and an outage counts, but not a sender that pauses", () => {
	const { counter, frame } = setUp(33);
	frame(500);
	frame(33);
	frame(400);
	expect(counter.freezes).toBe(2);
	frame(60_000);
	expect(counter.freezes).toBe(2);
	frame(3_000, false);
	expect(counter.freezes).toBe(3);
});

test("a stream's first frames are no measure", () => {
	const counter = new FreezeCounter();
	for (const nowMs of [0, 5, 1_000, 1_005, 1_010]) counter.onFrame(nowMs, true);
	expect(counter.freezes).toBe(0);
});

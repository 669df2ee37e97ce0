import { expect, test } from "vitest";
import { LossDetector } from "./loss-detector.ts";

test("a hole is asked for after a moment, again until it is filled, and no more then", () => {
	const losses = new LossDetector();
	losses.onPacket(65_534, 0);
	losses.onPacket(65_538, 0);
	expect(losses.due(10)).toEqual([]);
	losses.onPacket(65_536, 10);
	expect(losses.due(20)).toEqual([65_535, 65_537]);
	expect(losses.due(100)).toEqual([]);
	losses.onPacket(65_535, 110);
	expect(losses.due(125)).toEqual([65_537]);
});

test("what never comes is given up", () => {
	const losses = new LossDetector();
	losses.onPacket(1, 0);
	losses.onPacket(3, 0);
	let asked = 0;
	for (let nowMs = 0; nowMs < 10_000; nowMs += 20) asked += losses.due(nowMs).length;
	expect(asked).toBe(10);
});

test("a hole too big to fill calls for a keyframe instead", () => {
	const losses = new LossDetector();
	expect(losses.onPacket(1, 0)).toBe(true);
	expect(losses.onPacket(1000, 0)).toBe(false);
	expect(losses.due(1000)).toEqual([]);
	expect(losses.onPacket(1002, 0)).toBe(true);
	expect(losses.due(1000)).toEqual([1001]);
});

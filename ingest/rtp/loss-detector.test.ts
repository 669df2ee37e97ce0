import { expect, test } from "vitest";
import { LossDetector } from "./loss-detector.ts";

const ROUND_TRIP_MS = 80;

test("a hole is asked for after a moment, again until it is filled, and no more then", () => {
	const losses = new LossDetector();
	losses.onPacket(65_534, 0);
	losses.onPacket(65_538, 0);
	expect(losses.due(10, ROUND_TRIP_MS)).toEqual([]);
	losses.onPacket(65_536, 10);
	expect(losses.due(20, ROUND_TRIP_MS)).toEqual([65_535, 65_537]);
	expect(losses.due(119, ROUND_TRIP_MS)).toEqual([]);
	losses.onPacket(65_535, 119);
	expect(losses.due(120, ROUND_TRIP_MS)).toEqual([65_537]);
	expect(losses.asked).toBe(3);
});

test("what never comes is given up", () => {
	const losses = new LossDetector();
	losses.onPacket(1, 0);
	losses.onPacket(3, 0);
	let asked = 0;
	for (let nowMs = 0; nowMs < 10_000; nowMs += 20) asked += losses.due(nowMs, ROUND_TRIP_MS).length;
	// Ten times, and all but the first of them twice.
	expect(asked).toBe(19);
});

test("the round trip rules how soon it is asked for again, with a limit below", () => {
	const asked = (roundTripMs: number) => {
		const losses = new LossDetector();
		losses.onPacket(1, 0);
		losses.onPacket(3, 0);
		const at: number[] = [];
		for (let nowMs = 0; nowMs < 700; nowMs += 20) if (losses.due(nowMs, roundTripMs).length > 0) at.push(nowMs);
		return at;
	};
	expect(asked(1).slice(0, 4)).toEqual([20, 60, 100, 140]);
	expect(asked(200)).toEqual([20, 280, 300, 540, 560]);
});

test("once a request went unanswered, all go out twice for a while", () => {
	const losses = new LossDetector();
	const askedFor = (nowMs: number) => losses.due(nowMs, ROUND_TRIP_MS);
	losses.onPacket(1, 0);
	losses.onPacket(3, 0);
	expect([askedFor(20), askedFor(40), askedFor(120)]).toEqual([[2], [], [2]]);
	losses.onPacket(2, 130);
	losses.onPacket(5, 140);
	expect([askedFor(160), askedFor(180), askedFor(200), askedFor(260)]).toEqual([[4], [4], [], [4]]);
	losses.onPacket(4, 270);
	losses.onPacket(7, 20_000);
	expect([askedFor(20_020), askedFor(20_040)]).toEqual([[6], []]);
});

test("an answer tells how long it took, unless it may be another request's", () => {
	const losses = new LossDetector();
	losses.onPacket(1, 0);
	losses.onPacket(4, 0);
	expect(losses.answerMs(2, 10)).toBe(-1);
	losses.due(20, ROUND_TRIP_MS);
	expect(losses.answerMs(2, 75)).toBe(55);
	losses.onPacket(2, 75);
	losses.due(120, ROUND_TRIP_MS);
	expect([losses.answerMs(2, 130), losses.answerMs(3, 130), losses.answerMs(9, 130)]).toEqual([-1, -1, -1]);
});

test("a hole too big to fill calls for a keyframe instead", () => {
	const losses = new LossDetector();
	expect(losses.onPacket(1, 0)).toBe(true);
	expect(losses.onPacket(1000, 0)).toBe(false);
	expect(losses.due(1000, ROUND_TRIP_MS)).toEqual([]);
	expect(losses.onPacket(1002, 0)).toBe(true);
	expect(losses.due(1000, ROUND_TRIP_MS)).toEqual([1001]);
});

test("after an outage a keyframe is better than what was lost; a few packets of a still picture are not an outage", () => {
	const losses = new LossDetector();
	losses.onPacket(65_500, 0);
	losses.onPacket(65_502, 0);
	expect(losses.onPacket(65_600, 3_000)).toBe(false);
	expect(losses.due(5_000, ROUND_TRIP_MS)).toEqual([]);
	expect(losses.onPacket(65_603, 6_000)).toBe(true);
	expect(losses.due(6_020, ROUND_TRIP_MS)).toEqual([65_601, 65_602]);
	expect(losses.onPacket(65_640, 6_900)).toBe(true);
});

import { expect, test } from "vitest";
import { LatencyFloor } from "./latency-floor.ts";

const INTERVAL_MS = 10_000;

/** Judges every five seconds, and gives each floor with the second from which it held. */
function run(floor: LatencyFloor, fromS: number, toS: number, viewers: number, stalledShare: number) {
	const floors: [number, number][] = [];
	for (let s = fromS; s < toS; s += 5) {
		const before = floor.floorMs;
		floor.judge({ nowMs: s * 1000, viewers, stalledShare, intervalMs: INTERVAL_MS });
		if (floor.floorMs !== before) floors.push([s, floor.floorMs]);
	}
	return floors;
}

test("an audience that plays well has none", () => {
	const floor = new LatencyFloor();
	expect(run(floor, 0, 3600, 1000, 0.01)).toEqual([]);
	expect(floor.floorMs).toBe(0);
});

test("many that stall raise it step by step, up to three seconds", () => {
	expect(run(new LatencyFloor(), 0, 1000, 100, 0.3)).toEqual([
		[0, 1500],
		[70, 2000],
		[140, 2500],
		[210, 3000],
	]);
});

test("calm minutes take the steps back, and stalls in between hold them", () => {
	const floor = new LatencyFloor();
	run(floor, 0, 100, 100, 0.3);
	expect(floor.floorMs).toBe(2000);
	expect(run(floor, 100, 1000, 100, 0.05)).toEqual([]);
	expect(run(floor, 1000, 1100, 100, 0)).toEqual([]);
	expect(run(floor, 1100, 1105, 100, 0.05)).toEqual([]);
	expect(run(floor, 1105, 1600, 100, 0)).toEqual([
		[1225, 1500],
		[1350, 0],
	]);
});

test("a handful says nothing about everybody's network", () => {
	expect(run(new LatencyFloor(), 0, 1000, 4, 1)).toEqual([]);
});

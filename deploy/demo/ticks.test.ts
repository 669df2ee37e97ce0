import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startTicks } from "./ticks.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
	vi.restoreAllMocks();
	vi.useRealTimers();
});

test("ticks come at their times, without drift", () => {
	const ticks: number[] = [];
	const running = startTicks(1000 / 30, (index) => ticks.push(index));
	expect(ticks).toEqual([0]);
	vi.advanceTimersByTime(10_000);
	expect(ticks).toEqual(Array.from({ length: 301 }, (_, index) => index));
	running.close();
	vi.advanceTimersByTime(1000);
	expect(ticks).toHaveLength(301);
});

test("of a long hole ticks are left out, and their index stays the time", () => {
	const ticks: number[] = [];
	let holeMs = 0;
	const now = performance.now.bind(performance);
	vi.spyOn(performance, "now").mockImplementation(() => now() + holeMs);
	const running = startTicks(10, (index) => ticks.push(index));
	vi.advanceTimersByTime(100);
	expect(ticks.at(-1)).toBe(10);
	holeMs = 5000;
	vi.advanceTimersByTime(100);
	running.close();
	expect(ticks.at(-1)).toBe(520);
	// What lies within the last 200 ms is caught up on.
	expect(ticks.length).toBeGreaterThan(21);
	expect(ticks.length).toBeLessThan(50);
});

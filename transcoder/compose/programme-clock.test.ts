import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ProgrammeClock } from "./programme-clock.ts";

let nowMs = 0;
let ticks: { number: number; atMs: number; behind: number }[];
let skipped: number[];
let clock: ProgrammeClock;

/** Lets `ms` pass; timers that are due meanwhile fire when they are. */
function pass(ms: number): void {
	for (let i = 0; i < ms; i++) {
		nowMs++;
		vi.advanceTimersByTime(1);
	}
}

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "clearImmediate"] });
	nowMs = 1_800_000_000_000.25;
	ticks = [];
	skipped = [];
	clock = new ProgrammeClock({
		clock: { now: () => nowMs },
		events: {
			tick: (number, atMs, behind) => ticks.push({ number, atMs, behind }),
			skipped: (count) => skipped.push(count),
		},
	});
});

afterEach(() => {
	clock.close();
	vi.useRealTimers();
});

it("ticks 30 times a second by number, without drift", () => {
	const startMs = nowMs;
	pass(60_000);
	expect(ticks.length).toBe(1801);
	for (const [index, { number, atMs }] of ticks.entries()) {
		expect(number).toBe(index);
		expect(atMs).toBe(startMs + (index * 1000) / 30);
	}
});

it("makes up for what it was held up, three seconds of it", () => {
	pass(100);
	nowMs += 2900;
	pass(200); // a millisecond for each turn of the loop
	expect(ticks.map(({ number }) => number)).toEqual(ticks.map((_, index) => index));
	expect(ticks).toHaveLength(97);
	const behind = ticks.map((tick) => tick.behind).slice(ticks.findIndex((tick) => tick.behind > 0));
	expect(behind[0]).toBeGreaterThan(80);
	expect(behind).toEqual(behind.toSorted((a, b) => b - a));
	expect(behind.at(-1)).toBe(0);
	expect(skipped).toEqual([]);
});

it("lets others in between the ticks it makes up for", () => {
	pass(100);
	const before = ticks.length;
	nowMs += 1000;
	const seen: number[] = [];
	const look = () => {
		seen.push(ticks.length - before);
		if (seen.length < 90) setImmediate(look);
	};
	setImmediate(look);
	pass(100);
	expect(ticks.length - before).toBeGreaterThan(30);
	for (const [index, count] of seen.entries()) expect(count - (seen[index - 1] ?? 0)).toBeLessThan(3);
});

it("leaves out what was too long, and says so before it goes on", () => {
	const startMs = nowMs;
	pass(100);
	nowMs += 5000;
	pass(34);
	expect(skipped).toHaveLength(1);
	const at = ticks.findIndex(({ number }, index) => number !== index);
	expect(ticks[at]?.number).toBe(at + (skipped[0] ?? 0));
	expect(ticks.at(-1)?.atMs).toBe(startMs + ((ticks.at(-1)?.number ?? 0) * 1000) / 30);
	expect(nowMs - (ticks.at(-1)?.atMs ?? 0)).toBeLessThan(34);
});

it("is still once closed", () => {
	pass(100);
	const { length } = ticks;
	clock.close();
	pass(1000);
	expect(ticks).toHaveLength(length);
});

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ProgrammeClock } from "./programme-clock.ts";

let nowMs = 0;
let ticks: { number: number; atMs: number; late: boolean }[];
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
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
	nowMs = 1_800_000_000_000.25;
	ticks = [];
	skipped = [];
	clock = new ProgrammeClock({
		clock: { now: () => nowMs },
		events: {
			tick: (number, atMs, late) => ticks.push({ number, atMs, late }),
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

it("makes up for what it was held up", () => {
	pass(100);
	nowMs += 900;
	pass(34);
	expect(ticks.map(({ number }) => number)).toEqual(ticks.map((_, index) => index));
	expect(ticks.length).toBe(32);
	const late = ticks.filter((tick) => tick.late).map(({ number }) => number);
	expect(late.length).toBeGreaterThan(25);
	expect(late).toEqual(late.map((_, index) => (late[0] as number) + index));
	expect(late.at(-1)).toBeLessThan(31);
	expect(skipped).toEqual([]);
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

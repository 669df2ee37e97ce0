import { expect, test } from "vitest";
import { FreezeWatchdog } from "./freeze-watchdog.ts";

interface Seconds {
	from: number;
	to: number;
	shouldPlay?: boolean;
	position: (s: number) => number;
	bufferEnd?: (s: number) => number;
	edge?: (s: number) => number | null;
}

function run(
	watchdog: FreezeWatchdog,
	{ from, to, shouldPlay = true, position, bufferEnd = () => 10, edge = (s) => s + 30 }: Seconds,
) {
	const remedies: [number, string][] = [];
	for (let s = from; s < to; s += 0.25) {
		const moment = { nowMs: s * 1000, shouldPlay, positionS: position(s), bufferEndS: bufferEnd(s), edgeS: edge(s) };
		const remedy = watchdog.check(moment);
		if (remedy) remedies.push([s, remedy]);
	}
	return remedies;
}

test("a playhead that moves needs nothing", () => {
	expect(run(new FreezeWatchdog(), { from: 0, to: 60, position: (s) => s, bufferEnd: (s) => s + 1 })).toEqual([]);
});

test("a freeze at the end of the buffer is left by a jump, and if that does not help by reloading", () => {
	expect(run(new FreezeWatchdog(), { from: 0, to: 8, position: () => 10 })).toEqual([
		[1.5, "jump"],
		[6.5, "reload"],
	]);
});

test("after some seconds of playing again, the next freeze starts with a jump", () => {
	const watchdog = new FreezeWatchdog();
	run(watchdog, { from: 0, to: 2, position: () => 10 });
	run(watchdog, { from: 2, to: 14, position: (s) => 10 + s, bufferEnd: (s) => 11 + s });
	expect(run(watchdog, { from: 14, to: 16, position: () => 24, bufferEnd: () => 24 })).toEqual([[15.5, "jump"]]);
});

test("a paused player, a stream that stands still and a buffer that still fills are not freezes", () => {
	expect(run(new FreezeWatchdog(), { from: 0, to: 20, shouldPlay: false, position: () => 10 })).toEqual([]);
	expect(run(new FreezeWatchdog(), { from: 0, to: 20, position: () => 10, edge: () => 10.5 })).toEqual([]);
	expect(run(new FreezeWatchdog(), { from: 0, to: 20, position: () => 10, edge: () => null })).toEqual([]);
	expect(run(new FreezeWatchdog(), { from: 0, to: 20, position: () => 10, bufferEnd: (s) => 10 + s / 10 })).toEqual([]);
});

test("a full buffer that nobody plays is one", () => {
	const remedies = run(new FreezeWatchdog(), { from: 0, to: 5, position: () => 10, bufferEnd: (s) => 14 + s });
	expect(remedies).toEqual([[1.5, "jump"]]);
});

import { expect, test } from "vitest";
import { SilenceWatch } from "./silence-watch.ts";

function run(from: number, to: number, waits: boolean, arrivals: (s: number) => number, watch = new SilenceWatch()) {
	const asked: number[] = [];
	for (let s = from; s < to; s += 0.25)
		if (watch.check({ nowMs: s * 1000, waits, arrivals: arrivals(s) })) asked.push(s);
	return asked;
}

test("a player that waits and hears nothing asks anew, again and again", () => {
	expect(run(0, 9, true, () => 4)).toEqual([2.5, 5, 7.5]);
});

test("nothing is asked while something comes, or while there is enough to play", () => {
	expect(run(0, 20, true, (s) => s)).toEqual([]);
	expect(run(0, 20, false, () => 4)).toEqual([]);
});

test("the silence counts from when the player began to wait", () => {
	const watch = new SilenceWatch();
	run(0, 20, false, () => 4, watch);
	expect(run(20, 23, true, () => 4, watch)).toEqual([22.25]);
});

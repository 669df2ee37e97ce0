import { beforeEach, describe, expect, it } from "vitest";
import type { Shedding } from "../core/protocol/shedding.ts";
import { LoadShedder, sheds } from "./load-shedder.ts";

const CALM = { backlog: 3, behind: 0 };
const BUSY = { backlog: 7, behind: 0 };
const BEHIND = { backlog: 20, behind: 0 };
const DIRE = { backlog: 40, behind: 0 };
const LATE = { backlog: 2, behind: 1 };

let shedder: LoadShedder;

beforeEach(() => {
	shedder = new LoadShedder({ rungs: 4 });
});

/** Ticks for so long. Returns how many of them repeated a picture. */
function pass(seconds: number, load: { backlog: number; behind: number }): number {
	let repeats = 0;
	for (let tick = 0; tick < seconds * 30; tick++) if (shedder.tick(load)) repeats++;
	return repeats;
}

/** Ticks until what is shed changes. Returns the seconds that took. */
function untilChanged(load: { backlog: number; behind: number }, limitS: number): number {
	const before = shedder.shedding;
	let ticks = 0;
	while (shedder.shedding === before && ticks < limitS * 30) {
		shedder.tick(load);
		ticks++;
	}
	return ticks / 30;
}

/** What is shed and after how long each, under that load or calm. */
function steps(count: number, load: { backlog: number; behind: number }): [Shedding, number][] {
	return Array.from({ length: count }, () => {
		const seconds = Math.round(untilChanged(load, 4000));
		return [shedder.shedding, seconds];
	});
}

describe("load shedder", () => {
	it("gives nothing up while the encoder keeps up, nor for a moment's hiccup", () => {
		expect(pass(600, CALM)).toBe(0);
		expect(pass(60, BUSY)).toBe(0);
		expect(pass(0.1, BEHIND)).toBe(3);
		expect(pass(10, CALM)).toBe(0);
		expect(shedder.shedding).toBe("none");
	});

	it("repeats pictures at once when a tick is late or the encoder is behind", () => {
		expect(shedder.tick(LATE)).toBe(true);
		expect(shedder.tick(BEHIND)).toBe(true);
		expect(shedder.tick(CALM)).toBe(false);
	});

	it("gives up one thing after the other for an encoder that is behind", () => {
		expect(steps(5, BEHIND)).toEqual([
			["transitions", 0],
			["small-tiles", 1],
			["top-rung", 3],
			["frame-rate", 5],
			["quality", 5],
		]);
		expect(untilChanged(BEHIND, 60)).toBe(60);
	});

	it("gives up what costs no new run for ticks that are late", () => {
		expect(steps(2, LATE)).toEqual([
			["transitions", 0],
			["small-tiles", 1],
		]);
		expect(untilChanged(LATE, 60)).toBe(60);
	});

	it("gives up everything soon when the encoder is far behind", () => {
		let seconds = 0;
		for (let step = 0; step < 5; step++) seconds += untilChanged(DIRE, 10);
		expect(shedder.shedding).toBe("quality");
		expect(seconds).toBeLessThan(1.5);
	});

	/** Nobody ran for so long; then the ticks are made up for, and the encoder works them off at twice the speed of life. */
	function holdUp(seconds: number): void {
		const missed = seconds * 30;
		for (let behind = missed; behind > 0; behind--) shedder.tick({ backlog: missed - behind, behind });
		for (let backlog = missed; backlog > 0; backlog--) shedder.tick({ backlog, behind: 0 });
	}

	it("takes what was held up for no load", () => {
		for (const seconds of [0.5, 1, 3]) {
			holdUp(seconds);
			expect(shedder.shedding).toBe("none");
			pass(21, CALM);
		}
	});

	it("takes an encoder for behind that does not work off a hold-up", () => {
		holdUp(1);
		expect(untilChanged(BEHIND, 60)).toBeLessThan(2);
	});

	it("takes one hold-up after the other for load", () => {
		for (let again = 0; again < 5; again++) holdUp(1);
		expect(shedder.shedding).not.toBe("none");
	});

	it("never gives up the only rung", () => {
		shedder = new LoadShedder({ rungs: 1 });
		expect(steps(4, BEHIND).map(([shedding]) => shedding)).toEqual([
			"transitions",
			"small-tiles",
			"frame-rate",
			"quality",
		]);
	});

	it("has half as many pictures at half the rate, and all of them before", () => {
		steps(3, BEHIND);
		expect(pass(4, CALM)).toBe(0);
		untilChanged(BEHIND, 10);
		expect(shedder.shedding).toBe("frame-rate");
		expect(pass(4, CALM)).toBe(60);
	});

	it("gives back in the other order, after calm alone", () => {
		steps(5, BEHIND);
		expect(untilChanged(BUSY, 300)).toBe(300);
		expect(steps(5, CALM)).toEqual([
			["frame-rate", 60],
			["top-rung", 10],
			["small-tiles", 180],
			["transitions", 10],
			["none", 10],
		]);
	});

	it("gives the top rung back later when that was too early", () => {
		const calmUntilBack = () => {
			steps(3, BEHIND);
			expect(shedder.shedding).toBe("top-rung");
			const seconds = untilChanged(CALM, 4000);
			expect(shedder.shedding).toBe("small-tiles");
			return Math.round(seconds);
		};
		expect(calmUntilBack()).toBe(180);
		steps(2, CALM);
		expect(calmUntilBack()).toBe(360);
		pass(700, CALM);
		expect(calmUntilBack()).toBe(180);
	});
});

it("includes in each step those before it", () => {
	expect(sheds("none", "transitions")).toBe(false);
	expect(sheds("top-rung", "transitions")).toBe(true);
	expect(sheds("top-rung", "top-rung")).toBe(true);
	expect(sheds("top-rung", "frame-rate")).toBe(false);
});

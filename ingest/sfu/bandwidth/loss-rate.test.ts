import { expect, test } from "vitest";
import { LossRate } from "./loss-rate.ts";
import { ARRIVED, MISSING, SentPackets } from "./sent-packets.ts";

const PACKET_MS = 5;

/** Sends `count` packets, one every 5 ms, of which those that `fate` names come or are said to be missing. */
class Path {
	readonly sent = new SentPackets();
	readonly loss = new LossRate();
	#next = 0;

	/** The windows that end meanwhile. */
	send(count: number, fate: (index: number) => number | undefined, cluster = 0): number[] {
		const windows: number[] = [];
		for (let at = 0; at < count; at++) {
			const index = this.sent.add(this.#next & 0xffff, 1000, this.#next * PACKET_MS, cluster);
			const state = fate(this.#next++);
			if (state !== undefined) this.sent.mark(index, state);
			if (state === ARRIVED && this.loss.advance(this.sent, index)) windows.push(this.loss.fraction);
		}
		return windows;
	}

	get nowMs(): number {
		return this.#next * PACKET_MS;
	}
}

const everyTenth = (index: number): number => (index % 10 === 5 ? MISSING : ARRIVED);

test("counts what was sent a while ago, a window a second", () => {
	const path = new Path();
	const windows = path.send(1000, everyTenth);
	expect(windows.length).toBe(4);
	for (const fraction of windows) expect(fraction).toBeCloseTo(0.1, 2);
	// 1000 bytes every 5 ms.
	expect(path.loss.sentBps / 1.6e6).toBeCloseTo(1, 1);
});

test("packets of which nothing is known are neither lost nor arrived", () => {
	expect(new Path().send(1000, (index) => (index % 10 === 5 ? undefined : ARRIVED))).toEqual([0, 0, 0, 0]);
});

test("probes do not count, nor an interruption", () => {
	const path = new Path();
	path.send(210, () => ARRIVED);
	path.send(40, everyTenth, 1);
	path.send(100, () => MISSING);
	expect(path.send(600, () => ARRIVED)).toEqual([0, 0, 0]);
});

test("what was sent before a restart is forgotten", () => {
	const path = new Path();
	path.send(150, () => ARRIVED);
	path.send(30, (index) => (index % 2 ? MISSING : ARRIVED));
	path.loss.restart(path.nowMs);
	const windows = path.send(500, () => ARRIVED);
	expect(windows).toEqual([0, 0]);
});

test("goes on over the wrap of sequence numbers, and past what is remembered", () => {
	const path = new Path();
	const windows = path.send(70_000, everyTenth);
	expect(windows.length).toBeGreaterThan(330);
	expect(Math.min(...windows)).toBeGreaterThan(0.09);
	path.send(9000, () => undefined);
	// The first ends what had begun before.
	expect(path.send(1000, () => ARRIVED).slice(1)).toEqual([0, 0, 0, 0]);
});

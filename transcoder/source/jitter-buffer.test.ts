import { beforeEach, describe, expect, it } from "vitest";
import { JitterBuffer } from "./jitter-buffer.ts";

let waitMs: number;

beforeEach(() => {
	waitMs = 60;
});

function createBuffer() {
	const buffer = new JitterBuffer<{ sequence: number }>({ waitMs: () => waitMs });
	return {
		push: (nowMs: number, ...sequences: number[]) => {
			for (const sequence of sequences) buffer.push({ sequence: sequence & 0xffff }, nowMs);
		},
		/** Sequence numbers; one after a loss as a string. */
		pull: (nowMs: number) =>
			[...buffer.pull(nowMs)].map(({ packet, afterLoss }) => (afterLoss ? `${packet.sequence}` : packet.sequence)),
	};
}

describe("jitter buffer", () => {
	it("puts packets in order over the wrap of the sequence number", () => {
		const { push, pull } = createBuffer();
		push(0, 65_534, 1, 0, 65_535, 2);
		expect(pull(0)).toEqual([65_534, 65_535, 0, 1, 2]);
	});

	it("lets go what comes twice or too late", () => {
		const { push, pull } = createBuffer();
		push(0, 10, 11);
		expect(pull(0)).toEqual([10, 11]);
		push(1, 10, 12, 12);
		expect(pull(1)).toEqual([12]);
	});

	it("waits for a missing packet, and goes on without it in the end", () => {
		const { push, pull } = createBuffer();
		push(0, 65_535);
		push(5, 1, 2);
		expect(pull(10)).toEqual([65_535]);
		expect(pull(60)).toEqual([]);
		expect(pull(66)).toEqual(["1", 2]);
		push(70, 0);
		expect(pull(70)).toEqual([]);
	});

	it("waits as long as it is told to at the moment", () => {
		const { push, pull } = createBuffer();
		push(0, 1, 3);
		expect(pull(0)).toEqual([1]);
		waitMs = 200;
		expect(pull(199)).toEqual([]);
		waitMs = 150;
		expect(pull(199)).toEqual(["3"]);
	});

	it("takes a retransmission that comes in time", () => {
		const { push, pull } = createBuffer();
		push(0, 1, 3);
		expect(pull(20)).toEqual([1]);
		push(40, 2);
		expect(pull(40)).toEqual([2, 3]);
	});

	it("holds no more than a bounded number", () => {
		const { push, pull } = createBuffer();
		push(0, 0);
		expect(pull(0)).toEqual([0]);
		for (let sequence = 2; sequence <= 513; sequence++) push(0, sequence);
		expect(pull(0)).toHaveLength(512);
	});

	it("begins anew with a sender that does", () => {
		const { push, pull } = createBuffer();
		push(0, 100, 101, 103);
		expect(pull(0)).toEqual([100, 101]);
		push(1, 40_000, 40_001);
		expect(pull(1)).toEqual(["40000", 40_001]);
	});
});

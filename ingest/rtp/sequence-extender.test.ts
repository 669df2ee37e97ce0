import { expect, test } from "vitest";
import { RESTARTED, SequenceExtender, TOO_LATE } from "./sequence-extender.ts";

const extendAll = (sequences: number[]) => {
	const extender = new SequenceExtender();
	return sequences.map((sequence) => extender.extend(sequence));
};

test("numbers go on over the wrap, whatever the order", () => {
	expect(extendAll([65_534, 1, 65_535, 0, 65_533, 2])).toEqual([65_534, 65_537, 65_535, 65_536, 65_533, 65_538]);
});

test("an outage of up to half the range goes forward, across the wrap too", () => {
	expect(extendAll([60_000, (60_000 + 32_767) & 0xffff, 60_000])).toEqual([60_000, 92_767, TOO_LATE]);
});

test("what lies before the first packet is nothing", () => {
	expect(extendAll([1, 0, 65_535, 2])).toEqual([1, 0, TOO_LATE, 2]);
});

test("a stray from long ago changes nothing; two in a row are a new numbering", () => {
	expect(extendAll([20_000, 10_000, 20_001, 10_001, 20_002])).toEqual([20_000, TOO_LATE, 20_001, TOO_LATE, 20_002]);
	expect(extendAll([20_000, 10_000, 10_001])).toEqual([20_000, TOO_LATE, RESTARTED]);
	expect(extendAll([20_000, 65_535 - 20_000, 65_535 - 19_999]).at(-1)).toBe(20_000 + 25_536);
	expect(extendAll([20_000, 10_000, 9_999, 9_998])).toEqual([20_000, TOO_LATE, TOO_LATE, TOO_LATE]);
});

test("retransmissions of old packets are no new numbering", () => {
	const extender = new SequenceExtender();
	extender.extend(20_000);
	expect([10_000, 10_001, 10_002].map((sequence) => extender.extend(sequence, true))).toEqual([-1, -1, -1]);
	expect(extender.extend(19_990, true)).toBe(19_990);
});

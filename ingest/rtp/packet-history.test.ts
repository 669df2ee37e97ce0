import { expect, test } from "vitest";
import { PacketHistory } from "./packet-history.ts";

test("the newest packets are kept, in whatever order they came", () => {
	const history = new PacketHistory(4);
	const packets = [10, 12, 11, 13, 14].map((index) => ({ index, packet: Buffer.from([index]) }));
	for (const { index, packet } of packets) expect(history.store(index, packet)).toBe(true);
	expect([10, 11, 12, 13, 14, 15].map((index) => history.get(index)?.[0])).toEqual([
		undefined,
		11,
		12,
		13,
		14,
		undefined,
	]);
	expect(history.get(-1)).toBeUndefined();
});

test("a packet that came before is told, also when it was too big to be kept or is long gone", () => {
	const history = new PacketHistory(4);
	expect(history.store(1, Buffer.alloc(2_049))).toBe(true);
	expect(history.get(1)).toBeUndefined();
	expect(history.store(1, Buffer.alloc(1))).toBe(false);
	expect(history.store(6, Buffer.alloc(1))).toBe(true);
	expect(history.store(2, Buffer.alloc(1))).toBe(false);
	expect(history.store(5, Buffer.alloc(1))).toBe(true);
});

import { expect, test } from "vitest";
import { FrameReader, frame } from "./framing.ts";

test("packets come out as they went in, however the stream is cut", () => {
	const packets = [Buffer.from("a"), Buffer.alloc(0), Buffer.alloc(600, 7), Buffer.from("bc")];
	const stream = Buffer.concat(packets.map(frame));
	for (const size of [1, 2, 3, 100, 1000]) {
		const reader = new FrameReader();
		const read: Buffer[] = [];
		for (let at = 0; at < stream.length; at += size) read.push(...reader.push(stream.subarray(at, at + size)));
		expect(read).toEqual(packets);
	}
	expect(new FrameReader().push(frame(Buffer.alloc(65_535, 7)))).toEqual([Buffer.alloc(65_535, 7)]);
	expect(() => frame(Buffer.alloc(65_536))).toThrow(RangeError);
});

import { expect, it } from "vitest";
import { FrameReader, framed } from "./stream-framing.ts";

it("gives back every packet, however the stream is cut", () => {
	const packets = [Buffer.from("one"), Buffer.alloc(0), Buffer.alloc(3000, 7), Buffer.from("last")];
	const stream = Buffer.concat(packets.map(framed));
	for (const size of [1, 2, 3, 1000, stream.length]) {
		const reader = new FrameReader();
		const read: Buffer[] = [];
		const chunk = Buffer.alloc(size);
		for (let at = 0; at < stream.length; at += size) {
			const length = stream.copy(chunk, 0, at, at + size);
			read.push(...reader.push(chunk.subarray(0, length)));
		}
		expect(read.map((packet) => packet.length)).toEqual(packets.map((packet) => packet.length));
		expect(Buffer.concat(read).equals(Buffer.concat(packets))).toBe(true);
	}
});

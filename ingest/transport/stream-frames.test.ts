import { expect, test } from "vitest";
import { frame } from "../feed/framing.ts";
import { StreamFrames } from "./stream-frames.ts";

const datagrams = [Buffer.from("one"), Buffer.alloc(0), Buffer.alloc(4096, 7), Buffer.from("last")];
const stream = Buffer.concat(datagrams.map(frame));

test.each([1, 2, 3, 5, 1000, 10_000])("a stream is cut into its datagrams, %i bytes at a time", (size) => {
	const frames = new StreamFrames();
	const got: Buffer[] = [];
	for (let at = 0; at < stream.length; at += size) {
		expect(frames.push(stream.subarray(at, at + size), (datagram) => got.push(datagram))).toBe(true);
	}
	expect(got).toEqual(datagrams);
});

test("a frame longer than any datagram ends it, as soon as its length is known", () => {
	const frames = new StreamFrames();
	expect(frames.push(Buffer.from([0x10]), () => {})).toBe(true);
	expect(frames.push(Buffer.from([0x01]), () => {})).toBe(false);
});

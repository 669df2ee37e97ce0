import fc from "fast-check";
import { expect, test } from "vitest";
import { readSpsSizes } from "./h264-sps.ts";

// Made by x264.
const parameterSets = [
	["high, 1080 lines of 1088 shown", "67640028acd940780227e5c044000003000400000300f03c60c658", 1920, 1080],
	["baseline, cropped", "6742c01ed900a02ff970110000030001000003003c0f162e48", 640, 360],
	["main", "674d401feca02802dd8088000003000800000301e078c18cb0", 1280, 720],
	["cropped on the right", "6764001facd940d83de6f0110000030001000003003c0f183196", 854, 480],
	["4:2:2", "677a000dbcd941419f8dc044000003000400000300f03c50a658", 320, 180],
	["upright", "67640028acd9404403c797c044000003000400000300f03c60c658", 1080, 1920],
	["interlaced", "6764001eacd940a020fcf80880000003008000001e0f8a14cb", 640, 488],
] as const;

test.each(parameterSets)("%s", (_what, hex, width, height) => {
	expect(readSpsSizes(Buffer.from(hex, "hex"))?.shown).toEqual({ width, height });
});

test("what has to be decoded is told beside what is shown of it", () => {
	const [, hex] = parameterSets[1];
	expect(readSpsSizes(Buffer.from(hex, "hex"))?.coded).toEqual({ width: 640, height: 368 });
});

/** Bytes of bits written as text. */
function toBytes(bits: string[]): number[] {
	const bytes =
		bits
			.join("")
			.replaceAll(" ", "")
			.match(/.{1,8}/g) ?? [];
	return bytes.map((byte) => Number.parseInt(byte.padEnd(8, "0"), 2));
}

/** One reference, no gaps, 40 x 30 macroblocks, frames only, direct 8x8, no crop. */
const VGA = "010 0 00000101000 000011110 1 1 0";

test("scaling lists are passed over, the default ones too", () => {
	const sps = toBytes([
		"01100111 01100100 00000000 00011110",
		// Id 0, 4:2:0, depths 8 and 8, no bypass, lists present.
		"1 010 1 1 0 1",
		`1 ${"1".repeat(16)} 1 000010001 000000`,
		// Frame number, order count of type 2.
		"1 011",
		VGA,
	]);
	expect(readSpsSizes(Buffer.from(sps))?.shown).toEqual({ width: 640, height: 480 });
});

test("bytes against emulated start codes are no data", () => {
	const sps = toBytes([
		"01100111 01000010 11000000 00011110",
		// Id 0, frame number, order count of type 1 with a big offset, a small one, and a cycle of none.
		`1 1 010 0 ${"0".repeat(24)}1${"0".repeat(24)} 1 1`,
		VGA,
	]);
	const protectedSps = sps.flatMap((byte, at) =>
		at >= 2 && sps[at - 1] === 0 && sps[at - 2] === 0 && byte <= 3 ? [3, byte] : [byte],
	);
	expect(protectedSps.length).toBeGreaterThan(sps.length);
	expect(readSpsSizes(Buffer.from(protectedSps))?.shown).toEqual({ width: 640, height: 480 });
});

test("what is cut off before the size says nothing", () => {
	const [, hex] = parameterSets[0];
	for (let length = 0; length < 10; length++)
		expect(readSpsSizes(Buffer.from(hex, "hex").subarray(0, length))).toBeUndefined();
});

test("no bytes break it", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 600 }), fc.constantFrom(0x42, 0x64, 0xf4), (bytes, profile) => {
			bytes[1] = profile;
			const size = readSpsSizes(bytes)?.shown;
			if (size) expect(Math.min(size.width, size.height)).toBeGreaterThan(0);
		}),
	);
});

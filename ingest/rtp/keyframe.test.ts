import { expect, test } from "vitest";
import { startsKeyframe } from "./keyframe.ts";

test.each([
	["VP8", "10 00 9d012a", true, "keyframe, plain descriptor"],
	["VP8", "10 01 00", false, "delta frame"],
	["VP8", "00 00 9d012a", false, "not the first packet of the frame"],
	["VP8", "11 00 9d012a", false, "second partition"],
	["VP8", "90 80 05 00 9d012a", true, "7-bit picture id"],
	["VP8", "90 80 85 01 00 9d012a", true, "15-bit picture id"],
	["VP8", "90 80 85 01 01 00", false, "15-bit picture id, delta"],
	["VP8", "90 f0 85 01 07 20 00 9d012a", true, "picture id, TL0PICIDX, TID"],
	["VP8", "", false, "padding"],
	["VP8", "90 80", false, "cut off"],
	["H264", "67 42e01f", true, "SPS"],
	["H264", "65 88", false, "IDR without SPS"],
	["H264", "41 9a", false, "delta slice"],
	["H264", "78 0002 6742 0002 68ce", true, "STAP-A with SPS"],
	["H264", "78 0002 0910 0002 6742", true, "STAP-A with AUD, then SPS"],
	["H264", "78 0002 68ce", false, "STAP-A without SPS"],
	["H264", "78 ffff 68", false, "STAP-A that lies about its size"],
	["H264", "7c 87 42", true, "first fragment of an SPS"],
	["H264", "7c 85 88", false, "first fragment of an IDR"],
	["H264", "", false, "padding"],
	["opus", "fc", true, "audio"],
] as const)("%s %s: %s (%s)", (codec, hex, expected, _what) => {
	expect(startsKeyframe(codec, Buffer.from(hex.replaceAll(" ", ""), "hex"))).toBe(expected);
});

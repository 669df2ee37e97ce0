import { expect, test } from "vitest";
import { keyframeSize, startsKeyframe } from "./keyframe.ts";

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
	["VP9", "08 8249834200281016960638", true, "without picture id or layers"],
	["VP9", "a8 05 00 07 8249834200281016960638", true, "lowest spatial layer"],
	["VP9", "b8 05 00 8249834200281016960638", true, "in flexible mode"],
	["VP9", "0a 08 02 54 88 00 8249834200281016960638", true, "with a structure of two pictures"],
	["VP9", "a8 8501 02 07 8249834200281016960638", false, "second spatial layer"],
	["VP9", "48 8249834200281016960638", false, "inter-predicted"],
	["VP9", "80 05 8249834200281016960638", false, "not the beginning of a frame"],
	["VP9", "08 86", false, "of an inter frame, whatever the descriptor says"],
	["VP9", "08 82498342", false, "cut off"],
	["VP9", "0a 1b", false, "cut off in its structure"],
	["VP9", "", false, "padding"],
	["AV1", "18 08 0000000cc5036936be4010", true, "new coded video sequence"],
	["AV1", "10 08 0000000cc5036936be4010", false, "none"],
	["AV1", "", false, "padding"],
] as const)("%s %s: %s (%s)", (codec, hex, expected, _what) => {
	expect(startsKeyframe(codec, Buffer.from(hex.replaceAll(" ", ""), "hex"))).toBe(expected);
});

const SPS = "6742c01ed900a02ff970110000030001000003003c0f162e48";

test.each([
	["VP8", "10 70a9009d012a82026a01", { width: 642, height: 362 }, "made by libvpx"],
	["VP8", "90 80 85 01 70a9009d012a82c26a41", { width: 642, height: 362 }, "scaling bits are no part of the size"],
	["VP8", "10 70a9009d012a82026a", undefined, "cut off"],
	["VP8", "10 70a9009d012b82026a01", undefined, "no start code"],
	["VP8", "10 71a9009d012a82026a01", undefined, "delta frame"],
	["H264", SPS, { width: 640, height: 360 }, "SPS alone"],
	["H264", `78 0002 0910 0019 ${SPS} 0004 68ce3c80`, { width: 640, height: 360 }, "in a STAP-A"],
	["H264", `7c 87 ${SPS.slice(2)}`, { width: 640, height: 360 }, "first fragment"],
	["H264", "65 88", undefined, "IDR"],
	["VP9", "08 8249834200281016960638", { width: 642, height: 362 }, "made by libvpx"],
	["VP9", "08 a249834200050202d2c0c7", { width: 642, height: 362 }, "in 4:4:4, which has more in its header"],
	["VP9", "48 8249834200281016960638", undefined, "of an inter-predicted picture"],
	["AV1", "18 08 0000000cc5036936be4010", { width: 642, height: 362 }, "made by libaom"],
	["AV1", "28 0c 08 0000000cc5036936be4010 30 1000", { width: 642, height: 362 }, "with the frame after it"],
	["AV1", "08 0d 0a0b 0000000cc5036936be4010 02 3010", { width: 642, height: 362 }, "sizes for all, and one within"],
	["AV1", "18 08 0000000cc5", undefined, "cut off"],
	["AV1", "18 30 1000", undefined, "without a sequence header"],
	["opus", "fc", undefined, "audio"],
] as const)("%s %s: %o (%s)", (codec, hex, expected, _what) => {
	// Among other bytes, as it lies in a packet.
	const payload = Buffer.from(`aabb${hex.replaceAll(" ", "")}cc`, "hex");
	expect(keyframeSize(codec, payload, 2, payload.length - 1)).toEqual(expected);
});

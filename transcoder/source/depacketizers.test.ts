import { describe, expect, it } from "vitest";
import type { AccessUnit, VideoDepacketizer } from "./access-unit.ts";
import { H264Depacketizer } from "./h264-depacketizer.ts";
import { Vp8Depacketizer } from "./vp8-depacketizer.ts";

type Packet = [payload: string, marker: boolean, timestamp: number];

function feed(depacketizer: VideoDepacketizer, packets: Packet[]): AccessUnit[] {
	return packets.flatMap(([payload, marker, timestamp]) =>
		depacketizer.push({ payload: Buffer.from(payload.replaceAll(" ", ""), "hex"), marker, timestamp }),
	);
}

describe("VP8 (RFC 7741)", () => {
	// A keyframe header of 640x360: frame tag with bit 0 clear, start code, width and height.
	const keyframe = "50020a 9d012a 8002 6801 aabb";

	it("joins the packets of a frame and reads a keyframe's size", () => {
		const units = feed(new Vp8Depacketizer(), [
			[`10 ${keyframe}`, false, 5],
			["00 cc", false, 5],
			["00 dd", true, 5],
			["10 51 01", true, 8],
		]);
		expect(units).toEqual([
			{
				rtpTimestamp: 5,
				keyframe: true,
				size: { width: 640, height: 360 },
				data: Buffer.from(`${keyframe.replaceAll(" ", "")}ccdd`, "hex"),
			},
			{ rtpTimestamp: 8, keyframe: false, size: undefined, data: Buffer.from("5101", "hex") },
		]);
	});

	it("steps over every form of the payload descriptor", () => {
		for (const descriptor of ["10", "9080 11", "9080 9122", "90c0 11 33", "90f0 9122 33 44", "9020 44", "9000"]) {
			const [unit] = feed(new Vp8Depacketizer(), [[`${descriptor} 51 07`, true, 1]]);
			expect(unit?.data.toString("hex"), descriptor).toBe("5107");
		}
	});

	it("gives nothing of a frame whose start or middle is missing", () => {
		const depacketizer = new Vp8Depacketizer();
		expect(feed(depacketizer, [["00 cc", true, 1]])).toEqual([]);
		expect(feed(depacketizer, [["10 51", false, 2]])).toEqual([]);
		depacketizer.reset();
		expect(feed(depacketizer, [["00 cc", true, 2]])).toEqual([]);
		expect(feed(depacketizer, [["10 51", true, 3]])).toHaveLength(1);
	});
});

describe("H.264 (RFC 6184)", () => {
	// Baseline and high profile of libx264: 640x360 in whole macroblocks (640x368), 1280x720.
	const sps640 = "6742c01ed900a02ff970110000030001000003003c0f162e48";

	it("joins STAP-A, single units and fragments into Annex B", () => {
		const units = feed(new H264Depacketizer(), [
			[`18 0019 ${sps640} 0004 68ce3c80`, false, 9],
			["7c 85 1111", false, 9],
			["7c 05 2222", false, 9],
			["7c 45 3333", true, 9],
			["41 9a01", true, 12],
		]);
		expect(units.map(({ keyframe }) => keyframe)).toEqual([true, false]);
		expect(units[0]?.data.toString("hex")).toBe(`00000001${sps640}0000000168ce3c800000000165111122223333`);
		expect(units[0]?.size?.width).toBe(640);
		expect(units[1]?.data.toString("hex")).toBe("00000001419a01");
	});

	it("ends a unit without a marker at the next timestamp", () => {
		const units = feed(new H264Depacketizer(), [
			["41 01", false, 1],
			["41 02", false, 2],
			["41 03", true, 2],
		]);
		expect(units.map(({ rtpTimestamp, data }) => [rtpTimestamp, data.toString("hex")])).toEqual([
			[1, "000000014101"],
			[2, "00000001410200000001 4103".replace(" ", "")],
		]);
	});

	it("gives nothing of a unit with a hole", () => {
		const depacketizer = new H264Depacketizer();
		expect(feed(depacketizer, [["7c 05 2222", true, 1]])).toEqual([]);
		expect(
			feed(depacketizer, [
				["7c 85 1111", false, 2],
				["41 02", true, 2],
			]),
		).toEqual([]);
		expect(feed(depacketizer, [["7c 85 1111", true, 3]])).toEqual([]);
		expect(feed(depacketizer, [["18 0009 41", true, 4]])).toEqual([]);
		expect(feed(depacketizer, [["1d 00", true, 5]])).toEqual([]);
		expect(feed(depacketizer, [["41 01", true, 6]])).toHaveLength(1);
	});
});

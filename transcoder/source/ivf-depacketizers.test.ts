import { beforeAll, describe, expect, it } from "vitest";
import { type CodedRecording, recordIvf } from "../test-support/record-ivf.ts";
import { packVp9 } from "../test-support/rtp-packing.ts";
import type { AccessUnit, VideoDepacketizer } from "./access-unit.ts";
import { Av1Depacketizer } from "./av1-depacketizer.ts";
import { parseRtp } from "./rtp.ts";
import { VideoDecoder } from "./video-decoder.ts";
import { Vp9Depacketizer } from "./vp9-depacketizer.ts";

const source = (size: string) => `testsrc2=s=${size}:r=30,noise=alls=20:allf=t`;
let vp9: CodedRecording;
let smallVp9: CodedRecording;
let av1: CodedRecording;

beforeAll(async () => {
	[vp9, smallVp9, av1] = await Promise.all([
		recordIvf("VP9", { source: source("640x360"), durationS: 1 }),
		recordIvf("VP9", { source: source("320x180"), durationS: 1 }),
		recordIvf("AV1", { source: source("640x360"), durationS: 1 }),
	]);
}, 60_000);

function push(depacketizer: VideoDepacketizer, payload: Buffer | string, marker: boolean, timestamp = 1): AccessUnit[] {
	const bytes = typeof payload === "string" ? Buffer.from(payload.replaceAll(" ", ""), "hex") : payload;
	return depacketizer.push({ payload: bytes, marker, timestamp });
}

function unitsOf(depacketizer: VideoDepacketizer, { packets }: CodedRecording): AccessUnit[] {
	return packets.flatMap((packet) => {
		const rtp = parseRtp(packet);
		return rtp ? depacketizer.push(rtp) : [];
	});
}

describe("VP9 (RFC 9628)", () => {
	it("joins the packets of a picture and tells keyframes and their size from the frame itself", () => {
		const units = unitsOf(new Vp9Depacketizer(), vp9);
		expect(
			units.map(({ data }) => data.equals(vp9.pictures[units.findIndex((unit) => unit.data === data)] as Buffer)),
		).not.toContain(false);
		expect(units).toHaveLength(30);
		expect(units.flatMap(({ keyframe }, index) => (keyframe ? [index] : []))).toEqual([0, 15]);
		expect(units[0]?.size).toEqual({ width: 640, height: 360 });
		expect(units[1]?.size).toBeUndefined();
	});

	it("decodes a picture of two spatial layers, of which the higher comes last", async () => {
		const depacketizer = new Vp9Depacketizer();
		const layers = [smallVp9.pictures[0], vp9.pictures[0]] as Buffer[];
		const payloads = packVp9(layers, { pictureId: 1, keyframe: true });
		const [unit] = payloads.flatMap((payload, index) => push(depacketizer, payload, index === payloads.length - 1));
		expect(unit).toMatchObject({ keyframe: true, size: { width: 640, height: 360 } });
		const decoder = await VideoDecoder.open("VP9");
		const pictures = await decoder.decode(unit?.data ?? Buffer.alloc(0), 5);
		expect(pictures.map(({ frame, captureMs }) => [frame.width, captureMs])).toEqual([
			[320, 5],
			[640, 5],
		]);
		for (const { frame } of pictures) frame.free();
		decoder.close();
	});

	it("gives nothing of a picture that lacks its beginning, its end or something between", () => {
		const depacketizer = new Vp9Depacketizer();
		expect(push(depacketizer, "00 aa", true, 1)).toEqual([]); // no beginning
		expect(push(depacketizer, "08 aa", true, 2)).toEqual([]); // no end
		push(depacketizer, "08 aa", false, 3);
		expect(push(depacketizer, "0c aa", true, 3)).toEqual([]); // another beginning within
		expect(push(depacketizer, "0c", true, 4)).toEqual([]); // nothing in it
		expect(push(depacketizer, "0e 1b 00", true, 5)).toEqual([]); // cut off in its structure
		expect(push(depacketizer, "5c 03 03 03 00 aa", true, 6)).toEqual([]); // more references than there are
		expect(push(depacketizer, "0c 86", true, 7)).toHaveLength(1);
	});
});

describe("AV1 (RTP Payload Format for AV1 1.0)", () => {
	it("joins packets to temporal units as the encoder gave them, and tells keyframes and their size", () => {
		const units = unitsOf(new Av1Depacketizer(), av1);
		expect(units.map(({ data }, index) => data.equals(av1.pictures[index] as Buffer))).not.toContain(false);
		expect(units).toHaveLength(30);
		expect(units.flatMap(({ keyframe }, index) => (keyframe ? [index] : []))).toEqual([0, 15]);
		expect(units[0]?.size).toEqual({ width: 640, height: 360 });
	});

	it("reads elements with and without sizes, and drops what has no place in RTP", () => {
		const whole = "1200 0a0b0000000cc5036936be4010 320210aa";
		for (const payload of [
			"28 0c 080000000cc5036936be4010 3010aa", // two, the last without a size
			"08 0c 080000000cc5036936be4010 03 3010aa", // any number, each with one
			"38 02 1200 0c 080000000cc5036936be4010 3010aa", // a temporal delimiter
			"28 0d 0a0b0000000cc5036936be4010 320210aa", // OBUs with sizes of their own
		]) {
			const [unit] = push(new Av1Depacketizer(), payload, true);
			expect(unit?.data.toString("hex"), payload).toBe(whole.replaceAll(" ", ""));
			expect(unit).toMatchObject({ keyframe: true, size: { width: 642, height: 362 } });
		}
	});

	it("takes a frame for a keyframe only with a sequence header before it", () => {
		expect(push(new Av1Depacketizer(), "10 3010aa", true)[0]?.keyframe).toBe(false);
		expect(push(new Av1Depacketizer(), "28 0c 080000000cc5036936be4010 3030aa", true)[0]?.keyframe).toBe(false);
	});

	it("gives nothing of a unit that lacks something", () => {
		const depacketizer = new Av1Depacketizer();
		expect(push(depacketizer, "90 3010", true, 1)).toEqual([]); // goes on with nothing
		expect(push(depacketizer, "50 3010", true, 2)).toEqual([]); // does not end
		push(depacketizer, "50 3010", false, 3);
		expect(push(depacketizer, "10 3010", true, 3)).toEqual([]); // does not go on
		expect(push(depacketizer, "20 3010", true, 4)).toEqual([]); // two promised
		expect(push(depacketizer, "00 7f 30", true, 5)).toEqual([]); // longer than the packet
		expect(push(depacketizer, "00 ffffffff0f 30", true, 6)).toEqual([]); // longer than anything
		expect(push(depacketizer, "10 b0", true, 7)).toEqual([]); // the forbidden bit
		expect(push(depacketizer, "10 32ff", true, 8)).toEqual([]); // a size of its own that lies
		expect(push(depacketizer, "10", true, 9)).toEqual([]);
		expect(push(depacketizer, "10 3010", true, 10)).toHaveLength(1);
	});
});

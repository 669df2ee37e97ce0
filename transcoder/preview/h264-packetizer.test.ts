import { expect, test } from "vitest";
import { H264Depacketizer } from "../source/h264-depacketizer.ts";
import { readAvcConfig } from "./avc-units.ts";
import { packetizeH264 } from "./h264-packetizer.ts";

/** Of a 640x360 stream of x264. */
const sps = Buffer.from("6764001eacd940a02ff9610000030001000003003c8f162d96", "hex");
const pps = Buffer.from("68ebe3cb22c0", "hex");
const START_CODE = Buffer.from([0, 0, 0, 1]);

const config = readAvcConfig(
	Buffer.concat([
		Buffer.from("0164001effe1", "hex"),
		Buffer.from([0, sps.length]),
		sps,
		Buffer.from([1, 0, pps.length]),
		pps,
	]),
);

/** A NAL unit of that type; no two bytes that follow each other are alike. */
function unit(header: number, length: number): Buffer {
	return Buffer.from(Uint8Array.from({ length }, (_, at) => (at === 0 ? header : (at * 7) % 251)));
}

function lengthPrefixed(units: Buffer[]): Buffer {
	return Buffer.concat(
		units.flatMap((one) => {
			const length = Buffer.alloc(4);
			length.writeUInt32BE(one.length);
			return [length, one];
		}),
	);
}

function depacketize(payloads: Buffer[]) {
	const depacketizer = new H264Depacketizer();
	return payloads.flatMap((payload, at) =>
		depacketizer.push({ payload, marker: at === payloads.length - 1, timestamp: 1 }),
	);
}

test.each([
	["a small slice", [unit(0x41, 40)]],
	["slices of exactly one packet and of a byte more", [unit(0x41, 1150), unit(0x41, 1151)]],
	["large slices", [unit(0x61, 5_000), unit(0x61, 100_000)]],
])("%s: what a depacketizer makes of it is what was coded", (_, slices) => {
	const payloads = packetizeH264(lengthPrefixed(slices), false, config);
	expect(Math.max(...payloads.map(({ length }) => length))).toBeLessThanOrEqual(1150);
	const units = depacketize(payloads);
	expect(units).toHaveLength(1);
	expect(units[0]?.keyframe).toBe(false);
	expect(units[0]?.data.equals(Buffer.concat(slices.flatMap((slice) => [START_CODE, slice])))).toBe(true);
});

test("a keyframe comes with its parameter sets in the first packet, and without what a player has no use for", () => {
	const idr = unit(0x65, 3_000);
	const payloads = packetizeH264(lengthPrefixed([unit(0x06, 600), sps, pps, idr]), true, config);
	expect((payloads[0]?.[0] ?? 0) & 31).toBe(24);
	const [keyframe] = depacketize(payloads);
	expect(keyframe).toMatchObject({ keyframe: true, size: { width: 640, height: 368 } });
	expect(keyframe?.data.equals(Buffer.concat([sps, pps, idr].flatMap((one) => [START_CODE, one])))).toBe(true);
});

test("a frame that is cut short is an error of the encoder's", () => {
	expect(() => packetizeH264(lengthPrefixed([unit(0x41, 40)]).subarray(0, 30), false, config)).toThrow(RangeError);
});

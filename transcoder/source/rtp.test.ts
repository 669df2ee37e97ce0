import { describe, expect, it } from "vitest";
import { parseSenderReports, pictureLossIndication } from "./rtcp.ts";
import { isRtcp, parseRtp, sequenceDistance, timestampDistance } from "./rtp.ts";

describe("RTP", () => {
	it("reads the header and leaves out CSRCs, extension and padding", () => {
		const packet = Buffer.concat([
			Buffer.from([0xb1, 0xe0, 0x12, 0x34, 0, 0, 0, 9, 0, 0, 0, 7]),
			Buffer.from([1, 2, 3, 4]), // one CSRC
			Buffer.from([0xbe, 0xde, 0, 1, 5, 5, 5, 5]),
			Buffer.from([42, 43]),
			Buffer.from([0, 2]), // two bytes of padding
		]);
		expect(parseRtp(packet)).toEqual({
			payloadType: 96,
			sequence: 0x1234,
			timestamp: 9,
			ssrc: 7,
			marker: true,
			payload: Buffer.from([42, 43]),
		});
	});

	it("takes no packet that is cut short or of another version", () => {
		const packet = Buffer.from([0x91, 0xe0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 7, 1, 2, 3, 4, 0xbe, 0xde, 0, 1, 5, 5, 5, 5]);
		expect(parseRtp(packet)?.payload).toHaveLength(0);
		for (let length = 0; length < packet.length; length++) expect(parseRtp(packet.subarray(0, length))).toBeUndefined();
		expect(parseRtp(Buffer.alloc(20))).toBeUndefined();
		expect(parseRtp(Buffer.from([0xa0, 96, 0, 1, 0, 0, 0, 9, 0, 0, 0, 7, 200]))).toBeUndefined(); // more padding than packet
	});

	it("counts over the wrap", () => {
		expect(sequenceDistance(2, 65_534)).toBe(4);
		expect(sequenceDistance(65_534, 2)).toBe(-4);
		expect(timestampDistance(100, 0xffff_ff9c)).toBe(200);
		expect(timestampDistance(0xffff_ff9c, 100)).toBe(-200);
	});
});

describe("RTCP", () => {
	// 2026-11-21 09:00:00.5 UTC
	const ntp = [0xee, 0xac, 0x61, 0x90, 0x80, 0, 0, 0];
	const senderReport = Buffer.from([0x80, 200, 0, 6, 0, 0, 0, 7, ...ntp, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]);

	it("finds the sender reports of a compound packet", () => {
		const description = Buffer.from([0x81, 202, 0, 2, 0, 0, 0, 7, 1, 1, 65, 0]);
		const expected = { ssrc: 7, ntpMs: (0xeeac6190 - 2_208_988_800) * 1000 + 500, rtpTimestamp: 0x10000 };
		expect(parseSenderReports(Buffer.concat([description, senderReport]))).toEqual([expected]);
		expect(isRtcp(senderReport)).toBe(true);
		expect(isRtcp(Buffer.from([0x80, 0xe0]))).toBe(false);
	});

	it("takes nothing from a packet that is cut short", () => {
		for (let length = 0; length < senderReport.length; length++) {
			expect(parseSenderReports(senderReport.subarray(0, length))).toEqual([]);
		}
	});

	it("asks for a keyframe", () => {
		expect(pictureLossIndication(0xdeadbeef).toString("hex")).toBe("81ce000200000001deadbeef");
	});
});

describe("orientation", () => {
	const header = "90600001000000010000000a";

	it.each([
		["among others", "bede000230ab4012100100ff", 1],
		["behind padding", "bede00020000001002000000", 2],
		["missing", "bede0001301100ff", undefined],
		["behind the element that ends them", "bede0002f000001001000000", undefined],
		["cut off", "bede000100000010", undefined],
		["in an extension longer than the packet", "bedeffff10011001", undefined],
		["in another form", "1000000110011001", undefined],
	])("%s", (_where, extension, orientation) => {
		const packet = parseRtp(Buffer.from(`${header}${extension}aabb`, "hex"));
		expect(packet?.orientation).toBe(orientation);
	});
});

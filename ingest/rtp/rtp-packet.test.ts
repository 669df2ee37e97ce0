import { expect, test } from "vitest";
import {
	headerExtension,
	isRtcp,
	payloadTypeOf,
	rtpHeaderLength,
	rtpPayload,
	sequenceOf,
	ssrcOf,
	timestampOf,
} from "./rtp-packet.ts";

/** Marker, payload type 96, sequence 258, two CSRCs, extensions 1 (3 bytes) and 5 (1 byte), payload, 3 bytes of padding. */
const packet = Buffer.from("b2e001020a0b0c0d11223344aaaaaaaabbbbbbbbbede00021201020350ff000068656c6c6f000003", "hex");
const twoByte = Buffer.from("9060000100000000112233441000000205011107026162000068690000".padEnd(64, "0"), "hex");

test("fields are read where they are", () => {
	expect(rtpHeaderLength(packet)).toBe(32);
	expect([payloadTypeOf(packet), sequenceOf(packet), timestampOf(packet), ssrcOf(packet)]).toEqual([
		96, 258, 0x0a0b0c0d, 0x11223344,
	]);
	expect(rtpPayload(packet).toString()).toBe("hello");
	expect(headerExtension(packet, 1)).toEqual(Buffer.from([1, 2, 3]));
	expect(headerExtension(packet, 5)).toEqual(Buffer.from([255]));
	expect(headerExtension(packet, 2)).toBeUndefined();
	expect(headerExtension(twoByte, 7)?.toString()).toBe("ab");
	expect(isRtcp(packet)).toBe(false);
	expect(isRtcp(Buffer.from([0x80, 200]))).toBe(true);
});

test("a header that is longer than its packet is none", () => {
	for (let length = 0; length < 32; length++) expect(rtpHeaderLength(packet.subarray(0, length))).toBe(-1);
	expect(rtpHeaderLength(Buffer.concat([Buffer.from([0x40]), packet.subarray(1)]))).toBe(-1);
});

test("hostile extensions and padding are survived", () => {
	for (let at = 12; at < packet.length; at++) {
		for (const value of [0, 0x0f, 0x7f, 0xf0, 0xff]) {
			const bent = Buffer.from(packet);
			bent.writeUInt8(value, at);
			if (rtpHeaderLength(bent) < 0) continue;
			for (let id = 1; id < 16; id++) headerExtension(bent, id);
			expect(rtpPayload(bent).length).toBeLessThanOrEqual(packet.length);
		}
	}
});

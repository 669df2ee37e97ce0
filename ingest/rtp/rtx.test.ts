import { expect, test } from "vitest";
import { headerExtension, rtpPayload } from "./rtp-packet.ts";
import { unwrapRtx } from "./rtx.ts";

/** Payload type 97 with marker, sequence 7, SSRC 0xbb, extension 4 ("1"), original sequence 0xfffe. */
const HEAD = "90e100070a0b0c0d000000bbbede000140310000";

test("the original packet comes back: its sequence number, payload type and SSRC, and all else as it was", () => {
	const packet = unwrapRtx(Buffer.from(`${HEAD}fffe109d012a`, "hex"), 96, 0xaa);
	expect(packet?.toString("hex")).toBe("90e0fffe0a0b0c0d000000aabede000140310000109d012a");
	expect(packet && headerExtension(packet, 4)?.toString()).toBe("1");
});

test("padding after the original stays padding", () => {
	const packet = unwrapRtx(Buffer.from(`b0${HEAD.slice(2)}fffe1001000003`, "hex"), 96, 0xaa);
	expect(packet && rtpPayload(packet).toString("hex")).toBe("1001");
});

test.each([
	["padding alone", `b0${HEAD.slice(2)}000000000005`],
	["padding that says it is longer than the packet", `b0${HEAD.slice(2)}fffe10010000ff`],
	["no payload", HEAD],
	["half a sequence number", `${HEAD}ff`],
	["a sequence number alone", `${HEAD}fffe`],
	["no RTP", "00"],
])("%s is a probe, not a packet", (_what, hex) => {
	expect(unwrapRtx(Buffer.from(hex, "hex"), 96, 0xaa)).toBeUndefined();
});

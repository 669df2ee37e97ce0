import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { bindingSuccess, hasIntegrity, isStun, parseBindingRequest } from "./stun.ts";

/** RFC 5769 section 2.1. */
const request = Buffer.from(
	`000100582112a442b7e7a701bc34d686fa87dfae
	802200105354554e207465737420636c69656e74
	002400046e0001ff80290008932ff9b151263b36
	000600096576746a3a6836765920202000080014
	9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf`.replace(/\s/g, ""),
	"hex",
);
const password = "VOkJxbRl1RmTxUk/WvJxBt";
const transactionId = request.subarray(8, 20);

test("the sample request is authentic under its password alone", () => {
	expect(isStun(request)).toBe(true);
	const parsed = parseBindingRequest(request);
	expect(parsed).toMatchObject({ localUfrag: "evtj", useCandidate: false, transactionId });
	if (!parsed) throw new Error("not parsed");
	expect(hasIntegrity(request, parsed, password)).toBe(true);
	expect(hasIntegrity(request, parsed, `${password}x`)).toBe(false);
	const forged = Buffer.from(request);
	forged.writeUInt8(0x41, 60);
	expect(hasIntegrity(forged, parsed, password)).toBe(false);
});

test("every truncation and every flipped length is refused, never thrown at", () => {
	for (let length = 0; length < request.length; length++) {
		const cut = request.subarray(0, length);
		if (isStun(cut)) expect(parseBindingRequest(cut)).toBeUndefined();
	}
	for (let at = 20; at < request.length; at++) {
		const bent = Buffer.from(request);
		bent.writeUInt8(0xff, at);
		const parsed = parseBindingRequest(bent);
		if (parsed) hasIntegrity(bent, parsed, password);
	}
});

test.each([
	["192.0.2.1", "0001a147e112a643"],
	["2001:db8:1234:5678:11:2233:4455:6677", "0002a1470113a9faa5d3f179bc25f4b5bed2b9d9"],
	["::1", "0002a1472112a442b7e7a701bc34d686fa87dfaf"],
])("the answer says where %s came from, signed and with its fingerprint", (address, mapped) => {
	const answer = bindingSuccess(transactionId, address, 32853, password);
	expect(answer.readUInt16BE(0)).toBe(0x0101);
	expect(answer.readUInt16BE(2)).toBe(answer.length - 20);
	expect(answer.toString("hex", 24, 24 + mapped.length / 2)).toBe(mapped);
	const integrityAt = answer.length - 8 - 24;
	expect(hasIntegrity(answer, { transactionId, localUfrag: "", useCandidate: false, integrityAt }, password)).toBe(
		true,
	);
	expect(answer.readUInt32BE(answer.length - 4)).toBe((crc32(answer.subarray(0, -8)) ^ 0x5354554e) >>> 0);
});

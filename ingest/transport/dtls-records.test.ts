import { expect, test } from "vitest";
import { dtlsRecords, isAlert, isPlainHandshake } from "./dtls-records.ts";

function record(contentType: number, epoch: number, fragment: Buffer): Buffer {
	const header = Buffer.alloc(13);
	header.writeUInt8(contentType, 0);
	header.writeUInt16BE(0xfefd, 1);
	header.writeUInt16BE(epoch, 3);
	header.writeUIntBE(77, 5, 6);
	header.writeUInt16BE(fragment.length, 11);
	return Buffer.concat([header, fragment]);
}
const hello = record(22, 0, Buffer.from([1, 0, 0, 0]));
const certificate = record(22, 0, Buffer.from([11, 0, 0, 0]));
const alert = record(21, 1, Buffer.from([1, 2, 3]));

test("a datagram is cut into its records", () => {
	const records = dtlsRecords(Buffer.concat([certificate, hello, alert]));
	expect(records.map(({ bytes }) => bytes)).toEqual([certificate, hello, alert]);
	expect(records.map((cut) => isPlainHandshake(cut, 1))).toEqual([false, true, false]);
	expect(records.map(isAlert)).toEqual([false, false, true]);
	expect(records[2]).toMatchObject({ contentType: 21, epoch: 1, sequenceNumber: 77 });
});

test.each([
	["nothing", Buffer.alloc(0)],
	["a header alone", hello.subarray(0, 13)],
	["less than a header", hello.subarray(0, 12)],
	["less than its length says", hello.subarray(0, 16)],
	["an unknown content type", record(24, 0, Buffer.from([1]))],
	["another protocol version", Buffer.concat([Buffer.from([22, 3, 3]), hello.subarray(3)])],
	["an empty fragment", record(22, 0, Buffer.alloc(0))],
])("%s has no record", (_what, datagram) => {
	expect(dtlsRecords(datagram)).toEqual([]);
});

test("what comes before a bad record is kept", () => {
	expect(dtlsRecords(Buffer.concat([certificate, hello.subarray(0, 14)])).map(({ bytes }) => bytes)).toEqual([
		certificate,
	]);
});

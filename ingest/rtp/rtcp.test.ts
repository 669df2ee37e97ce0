import { expect, test } from "vitest";
import { readRtcp } from "./rtcp-read.ts";
import {
	fullIntraRequest,
	genericNack,
	pictureLossIndication,
	receiverEstimatedBitrate,
	receiverReferenceTime,
	receiverReport,
	senderReport,
	sourceDescription,
} from "./rtcp-write.ts";

test("a compound packet is read message by message", () => {
	const report = senderReport({ ssrc: 7, ntp: 0xe2345678_80000000n, rtpTimestamp: 90_000, packets: 3, octets: 400 });
	const fir = Buffer.from("84ce000400000001000000000000000805000000", "hex");
	const compound = [
		report,
		sourceDescription(7, "someone"),
		pictureLossIndication(1, 9),
		fir,
		genericNack(1, 9, [65_535, 0, 16]),
	];
	expect(readRtcp(Buffer.concat(compound))).toEqual([
		{ type: "sender-report", ssrc: 7, ntp: 0xe2345678_80000000n, rtpTimestamp: 90_000, bytes: report },
		{ type: "keyframe-request", mediaSsrc: 9 },
		{ type: "keyframe-request", mediaSsrc: 8 },
		{ type: "nack", mediaSsrc: 9, sequences: [65_535, 0, 16] },
	]);
});

test("packets are as the RFCs draw them", () => {
	expect(genericNack(1, 2, [10, 11, 26, 27]).toString("hex")).toBe("81cd00040000000100000002000a8001001b0000");
	expect(fullIntraRequest(1, 2, 259).toString("hex")).toBe("84ce000400000001000000000000000203000000");
	// 3,000,000 = 187,500 * 2^4
	expect(receiverEstimatedBitrate(1, 3_000_000, [9]).toString("hex")).toBe(
		"8fce0005000000010000000052454d420112dc6c00000009",
	);
	const block = {
		ssrc: 5,
		fractionLost: 64,
		packetsLost: -2,
		highestSequence: 0x00010002,
		jitter: 30,
		lastReport: 0x56788000,
		delaySinceLastReport: 65_536,
	};
	expect(receiverReport(1, [block]).toString("hex")).toBe(
		"81c90007000000010000000540fffffe000100020000001e5678800000010000",
	);
	expect(sourceDescription(1, "ab").toString("hex")).toBe("81ca0003000000010102616200000000");
	expect(sourceDescription(1, "abc").toString("hex")).toBe("81ca0003000000010103616263000000");
});

test("a receiver report is read block by block, and no further than it goes", () => {
	const block = {
		ssrc: 5,
		fractionLost: 64,
		packetsLost: -2,
		highestSequence: 0x00010002,
		jitter: 30,
		lastReport: 0x56788000,
		delaySinceLastReport: 65_536,
	};
	const blocks = [block, { ...block, ssrc: 0xffffffff, packetsLost: 70_000 }];
	const report = receiverReport(1, blocks);
	expect(readRtcp(report)).toEqual([{ type: "receiver-report", ssrc: 1, blocks }]);
	report.writeUInt8(0x80 | 31, 0);
	expect(readRtcp(report)).toEqual([{ type: "receiver-report", ssrc: 1, blocks }]);
});

test("reference times are as RFC 3611 draws them, and their answers are found among other blocks", () => {
	expect(receiverReferenceTime(1, 0xe2345678_9abcdef0n).toString("hex")).toBe(
		"80cf00040000000104000002e23456789abcdef0",
	);
	// Padding of an unknown block type 9 first, then DLRR with two answers.
	const hex = "80cf000900000009090000000500000600000001567800000001000000000002aaaaaaaabbbbbbbb";
	expect(readRtcp(Buffer.from(hex, "hex"))).toEqual([
		{ type: "receiver-reference-answer", receiverSsrc: 1, lastReference: 0x56780000, delay: 0x10000 },
		{ type: "receiver-reference-answer", receiverSsrc: 2, lastReference: 0xaaaaaaaa, delay: 0xbbbbbbbb },
	]);
	// A block that reaches over the end.
	expect(readRtcp(Buffer.from(hex.replace("0909000000", "0909000009"), "hex"))).toEqual([]);
});

test("truncated and bent packets are passed over", () => {
	const whole = Buffer.concat([receiverReport(1, []), genericNack(1, 9, [1, 2, 3]), pictureLossIndication(1, 9)]);
	for (let length = 0; length < whole.length; length++) readRtcp(whole.subarray(0, length));
	for (let at = 0; at < whole.length; at++) {
		const bent = Buffer.from(whole);
		bent.writeUInt8(0xff, at);
		readRtcp(bent);
	}
	expect(readRtcp(whole.subarray(0, whole.length - 1))).toEqual([
		{ type: "receiver-report", ssrc: 1, blocks: [] },
		{ type: "nack", mediaSsrc: 9, sequences: [1, 2, 3] },
	]);
});

test("what a receiver says about the bandwidth is read", () => {
	const feedback = Buffer.from("8fcd0005000000010000000900010001000000000020000000000000".slice(0, 48), "hex");
	expect(readRtcp(Buffer.concat([receiverEstimatedBitrate(1, 3_000_000, [9]), feedback]))).toEqual([
		{ type: "bitrate-estimate", bitrate: 3_000_000 },
		{ type: "transport-feedback", bytes: feedback },
	]);
	// Another application layer message.
	expect(readRtcp(Buffer.from("8fce00040000000100000000414243440112dc6c", "hex"))).toEqual([]);
});

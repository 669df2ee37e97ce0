import type { ReportBlock } from "./rtcp-write.ts";

/** What this server acts on of the RTCP it gets (RFC 3550, RFC 3611, RFC 4585, RFC 5104). */
export type RtcpMessage =
	| SenderReport
	| { type: "receiver-report"; ssrc: number; blocks: ReportBlock[] }
	| ReceiverReferenceAnswer
	| { type: "keyframe-request"; mediaSsrc: number }
	/** REMB (draft-alvestrand-rmcat-remb-03): what the receiver can take, in bits per second. */
	| { type: "bitrate-estimate"; bitrate: number }
	/** Transport-wide congestion control (draft-holmer-rmcat-transport-wide-cc-extensions-01); `bytes`: the whole message. */
	| { type: "transport-feedback"; bytes: Buffer }
	| { type: "nack"; mediaSsrc: number; sequences: number[] };

export interface SenderReport {
	type: "sender-report";
	ssrc: number;
	/** 64-bit NTP timestamp: seconds since 1900 in the high half, the fraction in the low half. */
	ntp: bigint;
	rtpTimestamp: number;
	/** The report as it came, without the rest of its compound packet. */
	bytes: Buffer;
}

/** A sender's answer to our receiver reference time, a DLRR sub-block (RFC 3611 section 4.5). */
export interface ReceiverReferenceAnswer {
	type: "receiver-reference-answer";
	/** Ours: whose reference time it answers. */
	receiverSsrc: number;
	/** Middle 32 bits of that time. */
	lastReference: number;
	/** How long the sender had it, in 1/65536 seconds. */
	delay: number;
}

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const EXTENDED_REPORT = 207;
const DLRR = 5;
const TRANSPORT_FEEDBACK = 205;
const PAYLOAD_FEEDBACK = 206;
const NACK = 1;
const TRANSPORT_CC = 15;
const PLI = 1;
const FIR = 4;
const APPLICATION = 15;
const REMB = 0x52454d42;

/** The messages of a compound packet; what is malformed or of no use here is passed over. */
export function readRtcp(compound: Buffer): RtcpMessage[] {
	const messages: RtcpMessage[] = [];
	for (let at = 0; at + 4 <= compound.length; ) {
		const first = compound.readUInt8(at);
		const end = at + 4 + 4 * compound.readUInt16BE(at + 2);
		if (first >> 6 !== 2 || end > compound.length) break;
		messages.push(...readOne(compound.subarray(at, end), compound.readUInt8(at + 1), first & 0x1f));
		at = end;
	}
	return messages;
}

const REPORT_BLOCK_BYTES = 24;

function readBlocks(packet: Buffer, count: number, start: number): ReportBlock[] {
	const blocks: ReportBlock[] = [];
	for (let at = start; blocks.length < count && at + REPORT_BLOCK_BYTES <= packet.length; at += REPORT_BLOCK_BYTES) {
		blocks.push({
			ssrc: packet.readUInt32BE(at),
			fractionLost: packet.readUInt8(at + 4),
			packetsLost: packet.readIntBE(at + 5, 3),
			highestSequence: packet.readUInt32BE(at + 8),
			jitter: packet.readUInt32BE(at + 12),
			lastReport: packet.readUInt32BE(at + 16),
			delaySinceLastReport: packet.readUInt32BE(at + 20),
		});
	}
	return blocks;
}

function readExtendedReport(packet: Buffer): RtcpMessage[] {
	const answers: RtcpMessage[] = [];
	for (let at = 8; at + 4 <= packet.length; ) {
		const end = at + 4 + 4 * packet.readUInt16BE(at + 2);
		if (end > packet.length) break;
		if (packet.readUInt8(at) === DLRR) {
			for (let sub = at + 4; sub + 12 <= end; sub += 12) {
				answers.push({
					type: "receiver-reference-answer",
					receiverSsrc: packet.readUInt32BE(sub),
					lastReference: packet.readUInt32BE(sub + 4),
					delay: packet.readUInt32BE(sub + 8),
				});
			}
		}
		at = end;
	}
	return answers;
}

function readOne(packet: Buffer, packetType: number, format: number): RtcpMessage[] {
	if (packetType === SENDER_REPORT && packet.length >= 28) {
		const ssrc = packet.readUInt32BE(4);
		return [
			{
				type: "sender-report",
				ssrc,
				ntp: packet.readBigUInt64BE(8),
				rtpTimestamp: packet.readUInt32BE(16),
				bytes: packet,
			},
		];
	}
	if (packetType === RECEIVER_REPORT && packet.length >= 8) {
		return [{ type: "receiver-report", ssrc: packet.readUInt32BE(4), blocks: readBlocks(packet, format, 8) }];
	}
	if (packetType === EXTENDED_REPORT) return readExtendedReport(packet);
	if (packet.length < 12) return [];
	const mediaSsrc = packet.readUInt32BE(8);
	if (packetType === TRANSPORT_FEEDBACK && format === NACK) {
		const sequences: number[] = [];
		for (let at = 12; at + 4 <= packet.length; at += 4) {
			const lost = packet.readUInt16BE(at);
			const mask = packet.readUInt16BE(at + 2);
			sequences.push(lost);
			for (let bit = 0; bit < 16; bit++) if (mask & (1 << bit)) sequences.push((lost + bit + 1) & 0xffff);
		}
		return [{ type: "nack", mediaSsrc, sequences }];
	}
	if (packetType === TRANSPORT_FEEDBACK && format === TRANSPORT_CC) {
		return [{ type: "transport-feedback", bytes: packet }];
	}
	if (packetType === PAYLOAD_FEEDBACK && format === APPLICATION && packet.length >= 20) {
		if (packet.readUInt32BE(12) !== REMB) return [];
		const value = packet.readUIntBE(17, 3);
		return [{ type: "bitrate-estimate", bitrate: (value & 0x3ffff) * 2 ** (value >> 18) }];
	}
	if (packetType === PAYLOAD_FEEDBACK && format === PLI) return [{ type: "keyframe-request", mediaSsrc }];
	if (packetType === PAYLOAD_FEEDBACK && format === FIR) {
		// RFC 5104 section 4.3.1.2: the streams meant are in the entries, the header's SSRC is unused.
		const entries = Array.from({ length: Math.floor((packet.length - 12) / 8) }, (_, index) =>
			packet.readUInt32BE(12 + 8 * index),
		);
		return entries.map((ssrc) => ({ type: "keyframe-request", mediaSsrc: ssrc }));
	}
	return [];
}

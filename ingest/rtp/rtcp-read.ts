/** What this server acts on of the RTCP it gets (RFC 3550, RFC 4585, RFC 5104). */
export type RtcpMessage =
	| SenderReport
	| { type: "keyframe-request"; mediaSsrc: number }
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

const SENDER_REPORT = 200;
const TRANSPORT_FEEDBACK = 205;
const PAYLOAD_FEEDBACK = 206;
const NACK = 1;
const PLI = 1;
const FIR = 4;

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

/** RTCP this server sends (RFC 3550, RFC 3611, RFC 4585, RFC 5104). A compound packet begins with a report. */

/** One source in a receiver report (RFC 3550 section 6.4.1). */
export interface ReportBlock {
	ssrc: number;
	/** 0 to 255. */
	fractionLost: number;
	/** 24 bits, signed. */
	packetsLost: number;
	/** Extended highest sequence number received. */
	highestSequence: number;
	/** In units of the RTP timestamp. */
	jitter: number;
	/** Middle 32 bits of the NTP timestamp of the last sender report; 0 before any. */
	lastReport: number;
	/** Since that report, in 1/65536 seconds. */
	delaySinceLastReport: number;
}

export function receiverReport(senderSsrc: number, blocks: ReportBlock[]): Buffer {
	const packet = header(201, blocks.length, 8 + 24 * blocks.length);
	packet.writeUInt32BE(senderSsrc, 4);
	blocks.forEach((block, index) => {
		const at = 8 + 24 * index;
		packet.writeUInt32BE(block.ssrc, at);
		packet.writeUInt8(block.fractionLost, at + 4);
		packet.writeIntBE(block.packetsLost, at + 5, 3);
		packet.writeUInt32BE(block.highestSequence >>> 0, at + 8);
		packet.writeUInt32BE(block.jitter >>> 0, at + 12);
		packet.writeUInt32BE(block.lastReport, at + 16);
		packet.writeUInt32BE(block.delaySinceLastReport >>> 0, at + 20);
	});
	return packet;
}

export function senderReport(report: {
	ssrc: number;
	ntp: bigint;
	rtpTimestamp: number;
	packets: number;
	octets: number;
}): Buffer {
	const packet = header(200, 0, 28);
	packet.writeUInt32BE(report.ssrc, 4);
	packet.writeBigUInt64BE(BigInt.asUintN(64, report.ntp), 8);
	packet.writeUInt32BE(report.rtpTimestamp >>> 0, 16);
	packet.writeUInt32BE(report.packets >>> 0, 20);
	packet.writeUInt32BE(report.octets >>> 0, 24);
	return packet;
}

/** A source description with the canonical name alone, which every compound packet carries (RFC 3550 section 6.1). */
export function sourceDescription(ssrc: number, cname: string): Buffer {
	const name = Buffer.from(cname, "latin1");
	// At least one zero ends the chunk, which then fills up to 32 bits.
	const packet = header(202, 1, 4 + ((4 + 2 + name.length + 1 + 3) & ~3));
	packet.writeUInt32BE(ssrc, 4);
	packet.writeUInt8(1, 8);
	packet.writeUInt8(name.length, 9);
	name.copy(packet, 10);
	return packet;
}

export function pictureLossIndication(senderSsrc: number, mediaSsrc: number): Buffer {
	const packet = header(206, 1, 12);
	packet.writeUInt32BE(senderSsrc, 4);
	packet.writeUInt32BE(mediaSsrc, 8);
	return packet;
}

/** For senders that do not know PLI (RFC 5104 section 4.3.1). `count`: 8 bits, another one for each request. */
export function fullIntraRequest(senderSsrc: number, mediaSsrc: number, count: number): Buffer {
	const packet = header(206, 4, 20);
	packet.writeUInt32BE(senderSsrc, 4);
	packet.writeUInt32BE(mediaSsrc, 12);
	packet.writeUInt8(count & 0xff, 16);
	return packet;
}

/**
 * Our clock, for the sender to answer: the round trip of one who sends no reports of its own (RFC 3611 section 4.4).
 * `ntp`: 64-bit NTP timestamp.
 */
export function receiverReferenceTime(senderSsrc: number, ntp: bigint): Buffer {
	const packet = header(207, 0, 20);
	packet.writeUInt32BE(senderSsrc, 4);
	packet.writeUInt8(4, 8);
	packet.writeUInt16BE(2, 10);
	packet.writeBigUInt64BE(BigInt.asUintN(64, ntp), 12);
	return packet;
}

/** `sequences`: ascending. */
export function genericNack(senderSsrc: number, mediaSsrc: number, sequences: number[]): Buffer {
	const entries: { lost: number; mask: number }[] = [];
	for (const sequence of sequences) {
		const last = entries.at(-1);
		const distance = last ? (sequence - last.lost) & 0xffff : 0;
		if (last && distance >= 1 && distance <= 16) last.mask |= 1 << (distance - 1);
		else entries.push({ lost: sequence & 0xffff, mask: 0 });
	}
	const packet = header(205, 1, 12 + 4 * entries.length);
	packet.writeUInt32BE(senderSsrc, 4);
	packet.writeUInt32BE(mediaSsrc, 8);
	entries.forEach(({ lost, mask }, index) => {
		packet.writeUInt16BE(lost, 12 + 4 * index);
		packet.writeUInt16BE(mask, 14 + 4 * index);
	});
	return packet;
}

/** Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb-03), in bits per second. */
export function receiverEstimatedBitrate(senderSsrc: number, bitrate: number, ssrcs: number[]): Buffer {
	const packet = header(206, 15, 20 + 4 * ssrcs.length);
	packet.writeUInt32BE(senderSsrc, 4);
	packet.write("REMB", 12, "latin1");
	const exponent = Math.max(0, Math.ceil(Math.log2((bitrate + 1) / 2 ** 18)));
	packet.writeUInt32BE(((ssrcs.length << 24) | (exponent << 18) | Math.floor(bitrate / 2 ** exponent)) >>> 0, 16);
	ssrcs.forEach((ssrc, index) => {
		packet.writeUInt32BE(ssrc, 20 + 4 * index);
	});
	return packet;
}

function header(packetType: number, count: number, bytes: number): Buffer {
	const packet = Buffer.alloc(bytes);
	packet.writeUInt8(0x80 | count, 0);
	packet.writeUInt8(packetType, 1);
	packet.writeUInt16BE(bytes / 4 - 1, 2);
	return packet;
}

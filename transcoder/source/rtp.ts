/** What the transcoder needs of an RTP packet (RFC 3550 section 5.1). */
export interface RtpPacket {
	payloadType: number;
	sequence: number;
	timestamp: number;
	ssrc: number;
	marker: boolean;
	/** Without padding and header extension; shares memory with the packet. */
	payload: Buffer;
}

const HEADER_BYTES = 12;

/** RTCP on a stream that carries both (RFC 5761 section 4). */
export function isRtcp(packet: Buffer): boolean {
	const type = packet[1];
	return type !== undefined && type >= 192 && type <= 223;
}

/** Undefined for what is no RTP packet. */
export function parseRtp(packet: Buffer): RtpPacket | undefined {
	if (packet.length < HEADER_BYTES) return undefined;
	const first = packet.readUInt8(0);
	if (first >> 6 !== 2) return undefined;
	let start = HEADER_BYTES + (first & 15) * 4;
	if ((first & 0x10) !== 0) {
		if (packet.length < start + 4) return undefined;
		start += 4 + packet.readUInt16BE(start + 2) * 4;
	}
	let end = packet.length;
	if ((first & 0x20) !== 0) end -= packet.readUInt8(packet.length - 1);
	if (end < start) return undefined;
	const second = packet.readUInt8(1);
	return {
		payloadType: second & 0x7f,
		sequence: packet.readUInt16BE(2),
		timestamp: packet.readUInt32BE(4),
		ssrc: packet.readUInt32BE(8),
		marker: second >> 7 === 1,
		payload: packet.subarray(start, end),
	};
}

/** `later` minus `earlier` on a counter of 16 bits that wraps, nearest to 0. */
export function sequenceDistance(later: number, earlier: number): number {
	return ((later - earlier) << 16) >> 16;
}

/** `later` minus `earlier` on a counter of 32 bits that wraps, nearest to 0. */
export function timestampDistance(later: number, earlier: number): number {
	return (later - earlier) | 0;
}

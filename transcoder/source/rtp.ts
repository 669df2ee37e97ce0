import { FEED_ORIENTATION_ID } from "../../core/protocol/feed.ts";

/** What the transcoder needs of an RTP packet (RFC 3550 section 5.1). */
export interface RtpPacket {
	payloadType: number;
	sequence: number;
	timestamp: number;
	ssrc: number;
	marker: boolean;
	/** The byte of the orientation extension, where there is one (see core/protocol/feed.ts). */
	orientation: number | undefined;
	/** Without padding and header extension; shares memory with the packet. */
	payload: Buffer;
}

const HEADER_BYTES = 12;
const ONE_BYTE_FORM = 0xbede;

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
	let orientation: number | undefined;
	if ((first & 0x10) !== 0) {
		if (packet.length < start + 4) return undefined;
		const end = start + 4 + packet.readUInt16BE(start + 2) * 4;
		orientation = readOrientation(packet, start, end);
		start = end;
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
		orientation,
		payload: packet.subarray(start, end),
	};
}

/** Of a header extension in one-byte form (RFC 8285 section 4.2). */
function readOrientation(packet: Buffer, start: number, end: number): number | undefined {
	if (end > packet.length || packet.readUInt16BE(start) !== ONE_BYTE_FORM) return undefined;
	for (let at = start + 4; at < end; ) {
		const head = packet.readUInt8(at);
		const id = head >> 4;
		if (id === 15) return undefined;
		if (id === FEED_ORIENTATION_ID) return at + 1 < end ? packet.readUInt8(at + 1) : undefined;
		at += head === 0 ? 1 : 2 + (head & 15);
	}
	return undefined;
}

/** `later` minus `earlier` on a counter of 16 bits that wraps, nearest to 0. */
export function sequenceDistance(later: number, earlier: number): number {
	return ((later - earlier) << 16) >> 16;
}

/** `later` minus `earlier` on a counter of 32 bits that wraps, nearest to 0. */
export function timestampDistance(later: number, earlier: number): number {
	return (later - earlier) | 0;
}

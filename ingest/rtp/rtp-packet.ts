/** Reading of RTP headers (RFC 3550 section 5.1). Functions that do not say otherwise expect a valid packet. */

const FIXED_HEADER_BYTES = 12;

/** Whether a packet of a media connection is RTCP rather than RTP (RFC 5761 section 4). */
export function isRtcp(packet: Buffer): boolean {
	const type = packet[1] ?? 0;
	return type >= 192 && type <= 223;
}

/** Bytes before the payload: fixed header, CSRCs, extension. -1 when this is no valid RTP packet. */
export function rtpHeaderLength(packet: Buffer): number {
	if (packet.length < FIXED_HEADER_BYTES || packet.readUInt8(0) >> 6 !== 2) return -1;
	const first = packet.readUInt8(0);
	let length = FIXED_HEADER_BYTES + 4 * (first & 0x0f);
	if (first & 0x10) {
		if (packet.length < length + 4) return -1;
		length += 4 + 4 * packet.readUInt16BE(length + 2);
	}
	return packet.length < length ? -1 : length;
}

export const payloadTypeOf = (packet: Buffer): number => packet.readUInt8(1) & 0x7f;
export const sequenceOf = (packet: Buffer): number => packet.readUInt16BE(2);
export const timestampOf = (packet: Buffer): number => packet.readUInt32BE(4);
export const ssrcOf = (packet: Buffer): number => packet.readUInt32BE(8);

/** The payload without padding; empty for a packet of padding alone. */
export function rtpPayload(packet: Buffer): Buffer {
	const start = rtpHeaderLength(packet);
	return packet.subarray(start, Math.max(start, rtpPayloadEnd(packet)));
}

/** Where the payload ends and padding begins; may lie before its start when the padding lies about its size. */
export function rtpPayloadEnd(packet: Buffer): number {
	return packet.readUInt8(0) & 0x20 ? packet.length - packet.readUInt8(packet.length - 1) : packet.length;
}

/** The data of header extension `id`. */
export function headerExtension(packet: Buffer, id: number): Buffer | undefined {
	const found = findExtension(packet, id);
	return found < 0 ? undefined : packet.subarray(extensionStart(found), extensionStart(found) + extensionLength(found));
}

/**
 * Where the data of header extension `id` is, in one-byte or two-byte form (RFC 8285); -1 when it is not there. One number
 * for place and size, because this is asked of each packet: see `extensionStart` and `extensionLength`.
 */
export function findExtension(packet: Buffer, id: number): number {
	const first = packet.readUInt8(0);
	if (!(first & 0x10)) return -1;
	const start = FIXED_HEADER_BYTES + 4 * (first & 0x0f);
	const profile = packet.readUInt16BE(start);
	const oneByte = profile === 0xbede;
	if (!oneByte && profile >> 4 !== 0x100) return -1;
	const end = start + 4 + 4 * packet.readUInt16BE(start + 2);
	for (let at = start + 4; at < end; ) {
		const byte = packet.readUInt8(at);
		if (byte === 0) {
			at++;
			continue;
		}
		if (!oneByte && at + 1 >= end) return -1;
		const foundId = oneByte ? byte >> 4 : byte;
		if (oneByte && foundId === 15) return -1;
		const size = oneByte ? (byte & 0x0f) + 1 : packet.readUInt8(at + 1);
		const data = at + (oneByte ? 1 : 2);
		if (data + size > end) return -1;
		if (foundId === id) return data * 256 + size;
		at = data + size;
	}
	return -1;
}

export const extensionStart = (found: number): number => found >>> 8;
export const extensionLength = (found: number): number => found & 0xff;

import { rtpHeaderLength, rtpPayloadEnd } from "./rtp-packet.ts";

const ORIGINAL_SEQUENCE_BYTES = 2;

/**
 * The packet that a retransmission carries (RFC 4588 section 4), made in place: `packet` is of no use after it. Undefined
 * for padding alone, which senders use as a probe of the bandwidth.
 */
export function unwrapRtx(packet: Buffer, payloadType: number, ssrc: number): Buffer | undefined {
	const start = rtpHeaderLength(packet);
	if (start < 0 || rtpPayloadEnd(packet) <= start + ORIGINAL_SEQUENCE_BYTES) return undefined;
	const sequence = packet.readUInt16BE(start);
	packet.copyWithin(ORIGINAL_SEQUENCE_BYTES, 0, start);
	const original = packet.subarray(ORIGINAL_SEQUENCE_BYTES);
	original.writeUInt8((original.readUInt8(1) & 0x80) | payloadType, 1);
	original.writeUInt16BE(sequence, 2);
	original.writeUInt32BE(ssrc, 8);
	return original;
}

import { readAv1Payload, readObu, SEQUENCE_HEADER } from "../../core/media/av1-payload.ts";
import { readAv1Sequence } from "../../core/media/av1-sequence.ts";
import { type PictureSize, readSpsSizes } from "../../core/media/h264-sps.ts";
import { readVp9Descriptor } from "../../core/media/vp9-descriptor.ts";
import { readVp9Header, type Vp9Header } from "../../core/media/vp9-header.ts";
import type { CodecName } from "../sdp/codecs.ts";

/**
 * Whether decoding can begin at this packet. Audio: always. `start` and `end`: the payload in `packet`, which is all of it
 * unless they say otherwise; they spare a view for each packet.
 */
export function startsKeyframe(codec: CodecName, packet: Buffer, start = 0, end: number = packet.length): boolean {
	if (codec === "VP8") return vp8Keyframe(packet, start, end) >= 0;
	if (codec === "H264") return findSps(packet, start, end) >= 0;
	if (codec === "VP9") return vp9Keyframe(packet, start, end) !== undefined;
	// Aggregation header, N: the first packet of a coded video sequence (AV1 RTP specification, section 4.4).
	if (codec === "AV1") return end > start && (packet.readUInt8(start) & 0x08) !== 0;
	return true;
}

/** The picture's size, of a packet that starts a keyframe; undefined where it does not tell. */
export function keyframeSize(codec: CodecName, packet: Buffer, start: number, end: number): PictureSize | undefined {
	if (codec === "VP8") return vp8Size(packet, vp8Keyframe(packet, start, end), end);
	if (codec === "VP9") return vp9Keyframe(packet, start, end)?.size;
	if (codec === "AV1") return av1Size(packet.subarray(start, end));
	const sps = codec === "H264" ? findSps(packet, start, end) : -1;
	return sps < 0 ? undefined : readSpsSizes(packet.subarray(sps, end))?.shown;
}

/** Where the frame begins, in the first packet of partition 0 of a keyframe (RFC 7741 section 4.2); else -1. */
function vp8Keyframe(packet: Buffer, start: number, end: number): number {
	if (start >= end) return -1;
	const first = packet.readUInt8(start);
	if ((first & 0x17) !== 0x10) return -1;
	let at = start + 1;
	if (first & 0x80) {
		if (at >= end) return -1;
		const extended = packet.readUInt8(at++);
		if (extended & 0x80) at += at < end && packet.readUInt8(at) & 0x80 ? 2 : 1;
		if (extended & 0x40) at++;
		if (extended & 0x30) at++;
	}
	return at < end && (packet.readUInt8(at) & 1) === 0 ? at : -1;
}

/** RFC 6386 section 9.1: 3 bytes of tag, 3 of start code, then 14 bits each under 2 bits of scale. */
function vp8Size(packet: Buffer, at: number, end: number): PictureSize | undefined {
	if (at < 0 || at + 10 > end || packet.readUIntBE(at + 3, 3) !== 0x9d012a) return undefined;
	const width = packet.readUInt16LE(at + 6) & 0x3fff;
	const height = packet.readUInt16LE(at + 8) & 0x3fff;
	return width > 0 && height > 0 ? { width, height } : undefined;
}

const SPS = 7;
const STAP_A = 24;
const FU_A = 28;

/**
 * Where a sequence parameter set is (its header byte), without which an IDR picture after it could not be decoded; else -1.
 * Of a fragmented one, its first fragment (RFC 6184 section 5.8), where the header byte is the fragment's.
 */
function findSps(packet: Buffer, start: number, end: number): number {
	if (start >= end) return -1;
	const type = packet.readUInt8(start) & 0x1f;
	if (type === SPS) return start;
	if (type === FU_A) return start + 1 < end && (packet.readUInt8(start + 1) & 0x9f) === (0x80 | SPS) ? start + 1 : -1;
	if (type !== STAP_A) return -1;
	for (let at = start + 1; at + 3 <= end; at += 2 + packet.readUInt16BE(at)) {
		if ((packet.readUInt8(at + 2) & 0x1f) === SPS) return at + 2;
	}
	return -1;
}

/**
 * RFC 9628 section 4.2: the beginning of a keyframe, in the lowest spatial layer. A flag of the descriptor spares looking
 * into the frame for nearly every packet.
 */
function vp9Keyframe(packet: Buffer, start: number, end: number): Vp9Header | undefined {
	if (start >= end || (packet.readUInt8(start) & 0x48) !== 0x08) return undefined;
	const payload = packet.subarray(start, end);
	const descriptor = readVp9Descriptor(payload);
	if (!descriptor || descriptor.spatialLayer > 0) return undefined;
	const header = readVp9Header(payload.subarray(descriptor.length));
	return header?.keyframe ? header : undefined;
}

/** Of the sequence header with which a coded video sequence begins. */
function av1Size(payload: Buffer): PictureSize | undefined {
	for (const element of readAv1Payload(payload)?.elements ?? []) {
		const obu = readObu(element);
		if (obu?.type === SEQUENCE_HEADER) return readAv1Sequence(obu.payload)?.size;
	}
	return undefined;
}

import type { FeedTrack } from "../../core/protocol/feed.ts";

/** Whether decoding can begin at this packet. Audio: always. */
export function startsKeyframe(codec: FeedTrack["codec"], payload: Buffer): boolean {
	if (codec === "VP8") return startsVp8Keyframe(payload);
	if (codec === "H264") return startsH264Keyframe(payload);
	return true;
}

/** RFC 7741: the first packet of partition 0 of a frame whose header says that it is a keyframe. */
function startsVp8Keyframe(payload: Buffer): boolean {
	const first = payload[0] ?? 0;
	if ((first & 0x17) !== 0x10) return false;
	let at = 1;
	if (first & 0x80) {
		const extended = payload[at++] ?? 0;
		if (extended & 0x80) at += (payload[at] ?? 0) & 0x80 ? 2 : 1;
		if (extended & 0x40) at++;
		if (extended & 0x30) at++;
	}
	const frameTag = payload[at];
	return frameTag !== undefined && (frameTag & 1) === 0;
}

const SPS = 7;
const STAP_A = 24;
const FU_A = 28;

/** RFC 6184: a packet with a sequence parameter set, without which an IDR picture after it could not be decoded. */
function startsH264Keyframe(payload: Buffer): boolean {
	const type = (payload[0] ?? 0) & 0x1f;
	if (type === FU_A) return payload.length > 1 && (payload.readUInt8(1) & 0x9f) === (0x80 | SPS);
	if (type !== STAP_A) return type === SPS;
	for (let at = 1; at + 3 <= payload.length; at += 2 + payload.readUInt16BE(at)) {
		if ((payload.readUInt8(at + 2) & 0x1f) === SPS) return true;
	}
	return false;
}

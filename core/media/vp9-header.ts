import { BitReader } from "./bit-reader.ts";
import type { PictureSize } from "./h264-sps.ts";

export interface Vp9Header {
	keyframe: boolean;
	/** Of a keyframe. */
	size: PictureSize | undefined;
}

const FRAME_MARKER = 2;
const SYNC_CODE = 0x498342;
const RGB = 7;
/** More than the part of the header that is read. */
const MAX_HEADER_BYTES = 16;

/** The beginning of a VP9 frame's uncompressed header (VP9 bitstream specification, section 6.2). Undefined when it is none. */
export function readVp9Header(frame: Uint8Array): Vp9Header | undefined {
	const bits = new BitReader(frame.subarray(0, MAX_HEADER_BYTES));
	if (bits.read(2) !== FRAME_MARKER) return undefined;
	const profile = bits.read(1) + 2 * bits.read(1);
	if (profile === 3) bits.skip(1);
	const showsEarlierFrame = bits.read(1) === 1;
	const interFrame = bits.read(1) === 1;
	if (bits.overrun) return undefined;
	if (showsEarlierFrame || interFrame) return { keyframe: false, size: undefined };
	bits.skip(2);
	if (bits.read(24) !== SYNC_CODE) return undefined;
	if (profile >= 2) bits.skip(1);
	const isRgb = bits.read(3) === RGB;
	const tellsSubsampling = profile === 1 || profile === 3;
	bits.skip(isRgb ? (tellsSubsampling ? 1 : 0) : tellsSubsampling ? 4 : 1);
	const size = { width: bits.read(16) + 1, height: bits.read(16) + 1 };
	return bits.overrun ? undefined : { keyframe: true, size };
}

import { BitReader } from "./bit-reader.ts";
import type { PictureSize } from "./h264-sps.ts";

/** More than any sequence header has before its picture size: 32 operating points with all that may be told of them. */
const MAX_HEADER_BYTES = 512;
const TIERED_LEVEL = 7;

export interface Av1Sequence {
	/** The largest picture that may come until the next sequence header. */
	size: PictureSize;
	/** Every picture is a keyframe, whose header does not say so. */
	stillPictures: boolean;
}

/** A sequence header OBU, from behind its OBU header on (AV1 bitstream specification, section 5.5). Undefined when it is none. */
export function readAv1Sequence(payload: Uint8Array): Av1Sequence | undefined {
	const bits = new BitReader(payload.subarray(0, MAX_HEADER_BYTES));
	bits.skip(4);
	const stillPictures = bits.read(1) === 1;
	if (stillPictures) bits.skip(5);
	else skipOperatingPoints(bits);
	const widthBits = bits.read(4) + 1;
	const heightBits = bits.read(4) + 1;
	const size = { width: bits.read(widthBits) + 1, height: bits.read(heightBits) + 1 };
	return bits.overrun ? undefined : { size, stillPictures };
}

function skipOperatingPoints(bits: BitReader): void {
	let delayBits = 0;
	if (bits.read(1)) {
		bits.skip(64);
		if (bits.read(1)) bits.golomb();
		if (bits.read(1)) {
			delayBits = bits.read(5) + 1;
			bits.skip(42);
		}
	}
	const tellsDisplayDelay = bits.read(1) === 1;
	const points = bits.read(5) + 1;
	for (let point = 0; point < points; point++) {
		bits.skip(12);
		if (bits.read(5) > TIERED_LEVEL) bits.skip(1);
		if (delayBits > 0 && bits.read(1)) bits.skip(2 * delayBits + 1);
		if (tellsDisplayDelay && bits.read(1)) bits.skip(4);
	}
}

import { BitReader } from "./bit-reader.ts";

/** Bytes of a sequence parameter set that are looked at: more than any has before its picture size. */
const MAX_SPS_BYTES = 512;
/** Profiles whose SPS tells chroma format and scaling lists (ITU-T H.264 section 7.3.2.1.1). */
const highProfiles = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

export interface PictureSize {
	width: number;
	height: number;
}

export interface SpsSizes {
	/** What a decoder shows. */
	shown: PictureSize;
	/** What it has to decode, in whole macroblocks. */
	coded: PictureSize;
}

/**
 * The sizes that a sequence parameter set tells (ITU-T H.264 section 7.3.2.1.1). `sps`: the NAL unit from its header byte on, which may be cut off behind what is
 * needed. Undefined when it is not to be made sense of.
 */
export function readSpsSizes(sps: Uint8Array): SpsSizes | undefined {
	const bits = new BitReader(withoutEmulation(sps.subarray(0, MAX_SPS_BYTES)));
	bits.skip(8);
	const profile = bits.read(8);
	bits.skip(16);
	bits.golomb();
	const chroma = highProfiles.has(profile) ? readChroma(bits) : 1;
	bits.golomb();
	skipPictureOrderCount(bits);
	bits.golomb();
	bits.skip(1);
	const widthInMacroblocks = bits.golomb() + 1;
	const heightInUnits = bits.golomb() + 1;
	const framesOnly = bits.read(1);
	if (!framesOnly) bits.skip(1);
	bits.skip(1);
	const crop = bits.read(1) ? [bits.golomb(), bits.golomb(), bits.golomb(), bits.golomb()] : [0, 0, 0, 0];
	const [left = 0, right = 0, top = 0, bottom = 0] = crop;
	// Table 6-1 and equations 7-19 to 7-22.
	const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
	const unitY = (chroma === 1 ? 2 : 1) * (2 - framesOnly);
	const coded = { width: 16 * widthInMacroblocks, height: 16 * heightInUnits * (2 - framesOnly) };
	const shown = { width: coded.width - unitX * (left + right), height: coded.height - unitY * (top + bottom) };
	const isPicture = shown.width > 0 && shown.height > 0 && coded.width <= 0xffff && coded.height <= 0xffff;
	return isPicture && !bits.overrun ? { shown, coded } : undefined;
}

/** chroma_format_idc, or 0 where the colour planes are coded apart. */
function readChroma(bits: BitReader): number {
	const format = bits.golomb();
	const separate = format === 3 && bits.read(1) === 1;
	bits.golomb();
	bits.golomb();
	bits.skip(1);
	if (bits.read(1)) {
		const lists = format === 3 ? 12 : 8;
		for (let list = 0; list < lists; list++) if (bits.read(1)) skipScalingList(bits, list < 6 ? 16 : 64);
	}
	return separate ? 0 : format;
}

function skipScalingList(bits: BitReader, size: number): void {
	let last = 8;
	let next = 8;
	for (let index = 0; index < size && next !== 0; index++) {
		next = (last + bits.signedGolomb() + 256) & 0xff;
		if (next !== 0) last = next;
	}
}

function skipPictureOrderCount(bits: BitReader): void {
	const type = bits.golomb();
	if (type === 0) bits.golomb();
	if (type !== 1) return;
	bits.skip(1);
	bits.golomb();
	bits.golomb();
	const frames = bits.golomb();
	for (let index = 0; index < frames && !bits.overrun; index++) bits.golomb();
}

/** Section 7.4.1: a 3 after two zeros is no part of the data. */
function withoutEmulation(bytes: Uint8Array): Uint8Array {
	const data = new Uint8Array(bytes.length);
	let length = 0;
	let zeros = 0;
	for (const byte of bytes) {
		if (zeros >= 2 && byte === 3) {
			zeros = 0;
			continue;
		}
		zeros = byte === 0 ? zeros + 1 : 0;
		data[length++] = byte;
	}
	return data.subarray(0, length);
}

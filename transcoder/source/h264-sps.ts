/** Profiles whose SPS says the chroma format (ITU-T H.264 section 7.3.2.1.1). */
const PROFILES_WITH_CHROMA = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** Coded size of the pictures that a sequence parameter set (with its NAL unit header) describes, in whole macroblocks. */
export function parseSpsSize(unit: Buffer): { width: number; height: number } | undefined {
	const bits = new BitReader(withoutEmulationPrevention(unit.subarray(1)));
	const profile = bits.read(8);
	bits.read(16); // constraint flags, level
	bits.golomb(); // seq_parameter_set_id
	if (PROFILES_WITH_CHROMA.has(profile)) {
		const chromaFormat = bits.golomb();
		if (chromaFormat === 3) bits.read(1);
		bits.golomb(); // bit_depth_luma_minus8
		bits.golomb(); // bit_depth_chroma_minus8
		bits.read(1);
		if (bits.read(1) === 1) skipScalingMatrices(bits, chromaFormat === 3 ? 12 : 8);
	}
	bits.golomb(); // log2_max_frame_num_minus4
	const orderType = bits.golomb();
	if (orderType === 0) bits.golomb();
	else if (orderType === 1) {
		bits.read(1);
		bits.golomb();
		bits.golomb();
		const cycle = bits.golomb();
		for (let i = 0; i < cycle && !bits.ended; i++) bits.golomb();
	}
	bits.golomb(); // max_num_ref_frames
	bits.read(1);
	const widthMacroblocks = bits.golomb() + 1;
	const heightMapUnits = bits.golomb() + 1;
	const framesOnly = bits.read(1);
	if (bits.ended) return undefined;
	return { width: widthMacroblocks * 16, height: heightMapUnits * 16 * (2 - framesOnly) };
}

function skipScalingMatrices(bits: BitReader, count: number): void {
	for (let list = 0; list < count; list++) {
		if (bits.read(1) === 0) continue;
		let last = 8;
		let next = 8;
		for (let i = 0; i < (list < 6 ? 16 : 64); i++) {
			if (next !== 0) next = (last + bits.signedGolomb() + 256) % 256;
			if (next !== 0) last = next;
		}
	}
}

function withoutEmulationPrevention(bytes: Buffer): Buffer {
	const plain = Buffer.alloc(bytes.length);
	let length = 0;
	let zeros = 0;
	for (const byte of bytes) {
		if (zeros >= 2 && byte === 3) {
			zeros = 0;
			continue;
		}
		zeros = byte === 0 ? zeros + 1 : 0;
		plain[length++] = byte;
	}
	return plain.subarray(0, length);
}

/** Past the end it reads zeros and says so by `ended`. */
class BitReader {
	readonly #bytes: Buffer;
	#at = 0;

	constructor(bytes: Buffer) {
		this.#bytes = bytes;
	}

	get ended(): boolean {
		return this.#at > this.#bytes.length * 8;
	}

	read(count: number): number {
		let value = 0;
		for (let i = 0; i < count; i++, this.#at++) {
			const byte = this.#bytes[this.#at >> 3] ?? 0;
			value = value * 2 + ((byte >> (7 - (this.#at & 7))) & 1);
		}
		return value;
	}

	golomb(): number {
		let zeros = 0;
		while (this.read(1) === 0 && !this.ended) zeros++;
		return 2 ** Math.min(zeros, 32) - 1 + this.read(Math.min(zeros, 32));
	}

	signedGolomb(): number {
		const value = this.golomb();
		return value % 2 === 1 ? (value + 1) / 2 : -value / 2;
	}
}

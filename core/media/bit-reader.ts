/** Bits of a coded header, most significant first. Behind the end it reads zeros and says so. */
export class BitReader {
	readonly #data: Uint8Array;
	#at = 0;

	constructor(data: Uint8Array) {
		this.#data = data;
	}

	get overrun(): boolean {
		return this.#at > 8 * this.#data.length;
	}

	skip(count: number): void {
		this.#at += count;
	}

	/** Up to 31 bits. */
	read(count: number): number {
		let value = 0;
		for (let bit = 0; bit < count; bit++) {
			const byte = this.#data[this.#at >> 3] ?? 0;
			value = value * 2 + ((byte >> (7 - (this.#at & 7))) & 1);
			this.#at++;
		}
		return value;
	}

	/** ue(v) of ITU-T H.264 section 9.1; uvlc() of AV1 section 4.10.3 up to 31 bits, which is more than it is read for. */
	golomb(): number {
		let zeros = 0;
		while (zeros < 31 && !this.overrun && this.read(1) === 0) zeros++;
		return 2 ** zeros - 1 + this.read(zeros);
	}

	/** se(v), section 9.1.1. */
	signedGolomb(): number {
		const code = this.golomb();
		return code & 1 ? (code + 1) / 2 : -code / 2;
	}
}

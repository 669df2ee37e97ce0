const SEQUENCE_RANGE = 0x1_0000;

/** The extended sequence number nearest to the highest so far (RFC 3711 section 3.3.1); negative: before the first. */
export function estimateIndex(sequence: number, highest: number): number {
	if (highest < 0) return sequence;
	const distance = ((sequence - highest + SEQUENCE_RANGE / 2) & 0xffff) - SEQUENCE_RANGE / 2;
	return highest + distance;
}

/** Which of the newest `size` indices of a stream have come (RFC 3711 section 3.3.2). 8 bytes each. */
export class ReplayWindow {
	/** -1 before the first. */
	highest = -1;
	/** Slot `index % size` holds the index last accepted there. */
	readonly #seen: Float64Array;

	constructor(size: number) {
		this.#seen = new Float64Array(size).fill(-1);
	}

	/** Whether `index` has come already, or is too old to tell. */
	isReplayed(index: number): boolean {
		const size = this.#seen.length;
		return index <= this.highest - size || this.#seen[index % size] === index;
	}

	/** Only for what is authentic. */
	accept(index: number): void {
		this.#seen[index % this.#seen.length] = index;
		if (index > this.highest) this.highest = index;
	}
}

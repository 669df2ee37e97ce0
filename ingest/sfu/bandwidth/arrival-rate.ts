const BIN_MS = 50;
const BINS = 32;

/** How many bits a second arrive at the peer, by its own clock. */
export class ArrivalRate {
	readonly #bytes = new Float64Array(BINS);
	#first = Number.NaN;
	#newest = Number.NaN;

	onArrival(arrivedMs: number, bytes: number): void {
		const bin = Math.floor(arrivedMs / BIN_MS);
		if (Number.isNaN(this.#newest)) this.#first = this.#newest = bin;
		if (bin - this.#newest >= BINS) this.#bytes.fill(0);
		else for (let at = this.#newest + 1; at <= bin; at++) this.#bytes[slotOf(at)] = 0;
		if (bin > this.#newest) this.#newest = bin;
		else if (bin <= this.#newest - BINS) return;
		this.#bytes[slotOf(bin)] = (this.#bytes[slotOf(bin)] ?? 0) + bytes;
	}

	/** Bits a second over the newest `windowMs` (up to 1.5 s), less at the beginning; undefined when there is nothing whole. */
	bps(windowMs: number): number | undefined {
		const bins = Math.min(Math.round(windowMs / BIN_MS), BINS - 1, this.#newest - this.#first);
		// The newest bin is still filling.
		if (!(bins > 0)) return undefined;
		let bytes = 0;
		for (let back = 1; back <= bins; back++) bytes += this.#bytes[slotOf(this.#newest - back)] ?? 0;
		return (bytes * 8000) / (bins * BIN_MS);
	}
}

function slotOf(bin: number): number {
	return ((bin % BINS) + BINS) % BINS;
}

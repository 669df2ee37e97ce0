const WINDOW = 30;
/** Before this many intervals there is no mean to compare with. */
const MIN_INTERVALS = 5;
const MIN_FREEZE_MS = 150;
/** A longer gap without a lost packet is a sender that had nothing to send: a camera switched off, a layer left out. */
const MAX_CONTIGUOUS_MS = 1_500;

/** Counts freezes as WebRTC's `freezeCount` does: gaps between frames far longer than their mean. */
export class FreezeCounter {
	readonly #intervals = new Float64Array(WINDOW);
	#count = 0;
	#sumMs = 0;
	#lastMs = -1;
	#freezes = 0;

	get freezes(): number {
		return this.#freezes;
	}

	/** A frame begins to arrive. `contiguous`: no packet is missing between it and the one before. */
	onFrame(nowMs: number, contiguous: boolean): void {
		const intervalMs = Math.max(0, nowMs - this.#lastMs);
		const first = this.#lastMs < 0;
		this.#lastMs = nowMs;
		if (first || (contiguous && intervalMs > MAX_CONTIGUOUS_MS)) return;
		const known = Math.min(this.#count, WINDOW);
		const meanMs = this.#sumMs / Math.max(1, known);
		if (known >= MIN_INTERVALS && intervalMs > Math.max(3 * meanMs, meanMs + MIN_FREEZE_MS)) this.#freezes++;
		const slot = this.#count++ % WINDOW;
		this.#sumMs += intervalMs - (this.#intervals[slot] ?? 0);
		this.#intervals[slot] = intervalMs;
	}
}

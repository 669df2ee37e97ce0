const BUCKET_MS = 100;
const BUCKETS = 10;
/** Shorter than this is no base for a rate. */
const MIN_WINDOW_MS = 250;

/** The rate of a stream over about the last second. */
export class RateMeter {
	readonly #bytes = new Float64Array(BUCKETS);
	/** Number of the newest bucket since the epoch. */
	#bucket = -1;
	#firstMs = 0;

	add(bytes: number, nowMs: number): void {
		if (this.#bucket < 0) this.#firstMs = nowMs;
		this.#advance(nowMs);
		const slot = this.#bucket % BUCKETS;
		this.#bytes[slot] = (this.#bytes[slot] ?? 0) + bytes;
	}

	bitsPerSecond(nowMs: number): number {
		if (this.#bucket < 0) return 0;
		this.#advance(nowMs);
		let bytes = 0;
		for (let slot = 0; slot < BUCKETS; slot++) bytes += this.#bytes[slot] ?? 0;
		const windowMs = Math.min(nowMs - this.#firstMs, (BUCKETS - 1) * BUCKET_MS + (nowMs % BUCKET_MS));
		return Math.round((8000 * bytes) / Math.max(MIN_WINDOW_MS, windowMs));
	}

	/** A clock that goes back stays in the newest bucket. */
	#advance(nowMs: number): void {
		const bucket = Math.floor(nowMs / BUCKET_MS);
		if (bucket <= this.#bucket) return;
		const from = Math.max(this.#bucket + 1, bucket - BUCKETS + 1);
		for (let passed = from; passed <= bucket; passed++) this.#bytes[passed % BUCKETS] = 0;
		this.#bucket = bucket;
	}
}

/** As many as a publisher's history holds of a track. */
const CAPACITY = 512;
const MAX_RESENDS = 5;
/** Before a round trip is known, and where it is next to nothing: a request may overtake its answer. */
const MIN_INTERVAL_MS = 20;
/**
 * Of the round trip, which is a mean: a receiver asks again after its own, and passing over a second request for having
 * come a little early costs the picture a third one.
 */
const INTERVAL_ROUND_TRIPS = 0.6;

/** What was sent again of one stream, and what the first copies looked like. Bounded: newer numbers replace older ones. */
export class ResendHistory {
	readonly #index = new Float64Array(CAPACITY).fill(-1);
	readonly #sequence = new Uint16Array(CAPACITY);
	readonly #sendTime = new Uint32Array(CAPACITY);
	readonly #resends = new Uint8Array(CAPACITY);
	readonly #resentMs = new Float64Array(CAPACITY);

	/** `sequence`, `sendTime`: of its congestion control extensions. */
	onSent(index: number, sequence: number, sendTime: number): void {
		const at = index & (CAPACITY - 1);
		this.#index[at] = index;
		this.#sequence[at] = sequence;
		this.#sendTime[at] = sendTime;
		this.#resends[at] = 0;
	}

	/** Whether a first copy was sent, so that another has to look like it. */
	knows(index: number): boolean {
		return this.#index[index & (CAPACITY - 1)] === index;
	}

	sequenceOf(index: number): number {
		return this.#sequence[index & (CAPACITY - 1)] ?? 0;
	}

	sendTimeOf(index: number): number {
		return this.#sendTime[index & (CAPACITY - 1)] ?? 0;
	}

	/** Whether it may be sent again now. */
	isDue(index: number, nowMs: number, rttMs: number): boolean {
		const at = index & (CAPACITY - 1);
		const resends = this.#index[at] === index ? (this.#resends[at] ?? 0) : 0;
		if (resends === 0) return true;
		return (
			resends < MAX_RESENDS &&
			nowMs - (this.#resentMs[at] ?? 0) >= Math.max(MIN_INTERVAL_MS, INTERVAL_ROUND_TRIPS * rttMs)
		);
	}

	onResent(index: number, nowMs: number): void {
		const at = index & (CAPACITY - 1);
		if (this.#index[at] !== index) {
			this.#index[at] = index;
			this.#resends[at] = 0;
		}
		this.#resends[at] = (this.#resends[at] ?? 0) + 1;
		this.#resentMs[at] = nowMs;
	}
}

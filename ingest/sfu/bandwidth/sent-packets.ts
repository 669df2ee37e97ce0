/** Power of two. Ten seconds of a busy connection; what is acknowledged later is of no use. */
const REMEMBERED = 4096;
const MASK = REMEMBERED - 1;

export const UNKNOWN = 0;
export const IN_FLIGHT = 1;
export const ARRIVED = 2;
/** So it was reported; it may still come. */
export const MISSING = 3;

/** What was sent on one connection, by transport-wide sequence number. Nothing is allocated after construction. */
export class SentPackets {
	readonly #sentMs = new Float64Array(REMEMBERED);
	readonly #bytes = new Uint16Array(REMEMBERED);
	/** One of the constants above. */
	readonly #states = new Uint8Array(REMEMBERED);
	readonly #clusters = new Uint8Array(REMEMBERED);
	/** Extended sequence number after the newest. One turn up, so that what is before the first has a number too. */
	#next = 0;

	get next(): number {
		return this.#next;
	}

	/** `cluster`: of the probe it belongs to, 0 for none. Returns the extended sequence number, -1 when it goes backwards. */
	add(sequence16: number, bytes: number, nowMs: number, cluster: number): number {
		if (this.#next === 0) this.#next = 0x10000 + sequence16;
		const index = this.indexOf(sequence16);
		if (index < this.#next) return -1;
		for (let at = Math.max(this.#next, index - REMEMBERED); at < index; at++) this.#states[at & MASK] = UNKNOWN;
		const slot = index & MASK;
		this.#sentMs[slot] = nowMs;
		this.#bytes[slot] = bytes;
		this.#states[slot] = IN_FLIGHT;
		this.#clusters[slot] = cluster;
		this.#next = index + 1;
		return index;
	}

	/** The extended sequence number nearest to the newest. */
	indexOf(sequence16: number): number {
		return this.#next + (((sequence16 - this.#next) << 16) >> 16);
	}

	/** UNKNOWN also for what was never sent or is long gone. */
	state(index: number): number {
		if (index >= this.#next || index < this.#next - REMEMBERED) return UNKNOWN;
		return this.#states[index & MASK] ?? UNKNOWN;
	}

	/** The first that is still remembered, or `index`. */
	remembered(index: number): number {
		return Math.max(index, this.#next - REMEMBERED);
	}

	/** `index`: of one that is remembered. */
	mark(index: number, state: number): void {
		this.#states[index & MASK] = state;
	}

	sentMs(index: number): number {
		return this.#sentMs[index & MASK] ?? 0;
	}

	bytes(index: number): number {
		return this.#bytes[index & MASK] ?? 0;
	}

	cluster(index: number): number {
		return this.#clusters[index & MASK] ?? 0;
	}
}

/** Packets may overtake each other by this much before one counts as lost. */
const REORDER_MS = 15;
/** More than a round trip of most people, so that one request is not answered twice. */
const RETRY_MS = 100;
const MAX_TRIES = 10;
/** A bigger hole is not worth filling: a keyframe is cheaper. */
const MAX_MISSING = 300;

/** Finds holes in a stream of extended sequence numbers and says when to ask for which packets again. */
export class LossDetector {
	readonly #missing = new Map<number, { dueMs: number; tries: number }>();
	#highest = -1;

	/** False when so much is missing that only a keyframe helps. */
	onPacket(index: number, nowMs: number): boolean {
		if (index <= this.#highest || this.#highest < 0) {
			this.#missing.delete(index);
			this.#highest = Math.max(this.#highest, index);
			return true;
		}
		const hole = index - this.#highest - 1;
		const hopeless = this.#missing.size + hole > MAX_MISSING;
		if (hopeless) this.#missing.clear();
		else
			for (let lost = this.#highest + 1; lost < index; lost++)
				this.#missing.set(lost, { dueMs: nowMs + REORDER_MS, tries: 0 });
		this.#highest = index;
		return !hopeless;
	}

	/** What to ask for now, ascending; each is due again later unless it arrives or is given up. */
	due(nowMs: number): number[] {
		const due: number[] = [];
		for (const [index, state] of this.#missing) {
			if (state.dueMs > nowMs) continue;
			if (state.tries === MAX_TRIES) {
				this.#missing.delete(index);
				continue;
			}
			state.tries++;
			state.dueMs = nowMs + RETRY_MS;
			due.push(index);
		}
		return due;
	}
}

const SEQUENCE_RANGE = 0x1_0000;
/** A packet later than this is of use to nobody any more. */
const MAX_LATE = 1_024;

/** The packet is from long ago, or a stray. */
export const TOO_LATE = -1;
/** The sender has begun a new numbering: to go on, begin with a new extender. */
export const RESTARTED = -2;

/** Extends a stream's 16-bit sequence numbers by their rollovers. */
export class SequenceExtender {
	#highest = -1;
	/** What would follow, if the last packet from long ago was the first of a new numbering; -1: it was none. */
	#next = -1;

	/**
	 * The extended number nearest to the highest so far; `TOO_LATE`; `RESTARTED`, which a packet that was sent again says
	 * nothing about (`again`).
	 */
	extend(sequence: number, again = false): number {
		if (this.#highest < 0) {
			this.#highest = sequence;
			return sequence;
		}
		const distance = ((sequence - this.#highest + SEQUENCE_RANGE / 2) & 0xffff) - SEQUENCE_RANGE / 2;
		if (distance > 0) {
			this.#highest += distance;
			this.#next = -1;
			return this.#highest;
		}
		if (distance > -MAX_LATE) return Math.max(TOO_LATE, this.#highest + distance);
		if (again) return TOO_LATE;
		// RFC 3550 appendix A.1: one packet far off may be a stray, two in a row are a sender that has begun anew.
		if (sequence === this.#next) return RESTARTED;
		this.#next = (sequence + 1) & 0xffff;
		return TOO_LATE;
	}
}

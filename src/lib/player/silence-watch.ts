/** A server says something every part, or answers a blocked request after three target durations at the latest. */
const SILENT_MS = 2500;

interface Moment {
	/** Any steady clock. */
	nowMs: number;
	/** The player has nothing left to play. */
	waits: boolean;
	/** Differs from what it was whenever something has come. */
	arrivals: number;
}

/** Notices requests that will never be answered, long before they time out: those of a network that was gone for a while. */
export class SilenceWatch {
	#arrivals = Number.NaN;
	#silentSinceMs = 0;

	/** To be called a few times a second. True: ask anew. */
	check({ nowMs, waits, arrivals }: Moment): boolean {
		if (!waits || arrivals !== this.#arrivals) {
			this.#arrivals = arrivals;
			this.#silentSinceMs = nowMs;
			return false;
		}
		if (nowMs - this.#silentSinceMs < SILENT_MS) return false;
		this.#silentSinceMs = nowMs;
		return true;
	}
}

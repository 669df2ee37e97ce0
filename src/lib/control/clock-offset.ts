interface Sample {
	rttMs: number;
	offsetMs: number;
}

/** Samples remembered: about two rounds of pings, so that a clock that was set anew is followed within two of them. */
const REMEMBERED = 8;

/**
 * Estimates how far the server's clock is ahead of this one. The sample with the shortest round trip wins, for its error
 * is at most half of that (RFC 5905, section 10).
 */
export class ClockOffset {
	#samples: Sample[] = [];

	/** All in milliseconds since the epoch: our clock when we asked and when the answer came, and what the answer said. */
	add({ sentMs, receivedMs, serverMs }: { sentMs: number; receivedMs: number; serverMs: number }): void {
		const rttMs = receivedMs - sentMs;
		if (rttMs < 0) return; // our own clock was set back in between
		this.#samples = [...this.#samples, { rttMs, offsetMs: serverMs - (sentMs + receivedMs) / 2 }].slice(-REMEMBERED);
	}

	/** Undefined before the first sample. */
	get offsetMs(): number | undefined {
		let best: Sample | undefined;
		for (const sample of this.#samples) if (!best || sample.rttMs <= best.rttMs) best = sample;
		return best?.offsetMs;
	}
}

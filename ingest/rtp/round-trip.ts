/** Until anything is known. */
const INITIAL_MS = 100;
const MAX_MS = 5_000;
const SECONDS_1900_TO_1970 = 2_208_988_800;

/** The round trip to one who only sends: by RFC 3611 where they answer, else by how soon retransmissions come. */
export class RoundTrip {
	#answeredMs: number | undefined;
	#observedMs: number | undefined;

	/** What to reckon with. */
	get ms(): number {
		return this.measuredMs ?? INITIAL_MS;
	}

	/** Undefined before anything was measured. */
	get measuredMs(): number | undefined {
		return this.#answeredMs ?? this.#observedMs;
	}

	/** An answer to our reference time (RFC 3611 section 4.5), in 1/65536 seconds. */
	onAnswer(lastReference: number, delay: number, nowMs: number): void {
		const elapsed = (middleOf(ntpOf(nowMs)) - lastReference - delay) | 0;
		const rttMs = (elapsed * 1000) / 65536;
		// Both clocks are rounded, so a loopback's answer may seem to come before the question.
		if (lastReference === 0 || rttMs < -2 || rttMs > MAX_MS) return;
		this.#answeredMs = smooth(this.#answeredMs, Math.max(0, rttMs));
	}

	/** A lost packet came `delayMs` after it was asked for, once. */
	onRetransmission(delayMs: number): void {
		if (delayMs >= 0 && delayMs <= MAX_MS) this.#observedMs = smooth(this.#observedMs, delayMs);
	}
}

/** 64-bit NTP timestamp (RFC 3550 section 4). */
export function ntpOf(nowMs: number): bigint {
	const seconds = Math.floor(nowMs / 1000);
	const fraction = Math.floor(((nowMs - seconds * 1000) / 1000) * 2 ** 32);
	return (BigInt(seconds + SECONDS_1900_TO_1970) << 32n) | BigInt(fraction);
}

const middleOf = (ntp: bigint): number => Number((ntp >> 16n) & 0xffffffffn);

const smooth = (before: number | undefined, sample: number): number =>
	before === undefined ? sample : before + (sample - before) / 8;

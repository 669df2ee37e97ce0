import type { ReportBlock } from "../rtp/rtcp-write.ts";

/** Receivers answer one of the last few. */
const CAPACITY = 8;
const LONGEST_ROUND_TRIP_MS = 10_000;

/**
 * When sender reports were sent. Their NTP time is the publisher's clock, so the round trip of RFC 3550 section 6.4.1 has
 * to be counted from when the report left here.
 */
export class SentReports {
	readonly #middles = new Float64Array(CAPACITY).fill(-1);
	readonly #sentMs = new Float64Array(CAPACITY);
	#next = 0;

	onSent(ntp: bigint, nowMs: number): void {
		this.#middles[this.#next] = Number(BigInt.asUintN(32, ntp >> 16n));
		this.#sentMs[this.#next] = nowMs;
		this.#next = (this.#next + 1) % CAPACITY;
	}

	/** Milliseconds; undefined when the report it speaks of is none of the last ones. */
	roundTripMs({ lastReport, delaySinceLastReport }: ReportBlock, nowMs: number): number | undefined {
		const at = lastReport === 0 ? -1 : this.#middles.indexOf(lastReport);
		if (at < 0) return undefined;
		const rttMs = nowMs - (this.#sentMs[at] ?? 0) - (delaySinceLastReport * 1000) / 65_536;
		return rttMs > LONGEST_ROUND_TRIP_MS ? undefined : Math.max(0, rttMs);
	}
}

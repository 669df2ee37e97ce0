import { ntpOf } from "./round-trip.ts";

/**
 * A publisher's wall clock against ours. All its tracks keep their distances; what is new is that the reports of two
 * publishers who take turns in one slot are of one clock: receivers fit a line through the last twenty they got, whoever
 * they were of, and a jump of some seconds would take sound and picture apart for as long.
 */
export class PublisherTime {
	#toOurs: bigint | undefined;

	/** 64-bit NTP timestamp of a report that has just come; returns it on our clock. The first one counts as just made. */
	ours(ntp: bigint, nowMs: number): bigint {
		this.#toOurs ??= ntpOf(nowMs) - ntp;
		return BigInt.asUintN(64, ntp + this.#toOurs);
	}
}

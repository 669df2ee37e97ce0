/** An error is made good within about so many seconds: slow against jitter of the capture times, fast against the drift of clocks. */
const SETTLE_S = 8;
/** Seconds. An error up to this one changes the pace by no more than STEADY. */
const NEAR_S = 0.005;
/** Shares of the pace: 500 ppm cannot be heard at all; 0.5 % (9 cents) is not noticed in speech for some seconds. */
const STEADY = 500e-6;
const MAX = 5000e-6;
/** What is farther off than that is made good within so many seconds. */
const FAR_S = 1;

/**
 * Finds the pace at which sound stays at its place: a loop over the error, with the clocks' drift learned, so that a
 * constant drift leaves no error.
 */
export class SoundPace {
	#drift = 0;

	/** Sound of `durationS` belongs `errorS` later than it would go. Returns by what share of it that sound is to be made longer. */
	next(errorS: number, durationS: number): number {
		const near = clamp(errorS, NEAR_S);
		const wanted = near / SETTLE_S + this.#drift;
		const steady = clamp(wanted, STEADY);
		// Critically damped. Not while the pace is at its bound: the error then says nothing of the drift.
		if (steady === wanted && near === errorS) this.#drift += (errorS * durationS) / (4 * SETTLE_S * SETTLE_S);
		this.#drift = clamp(this.#drift, STEADY);
		return clamp(steady + (errorS - near) / FAR_S, MAX);
	}
}

function clamp(value: number, bound: number): number {
	return Math.max(-bound, Math.min(bound, value));
}

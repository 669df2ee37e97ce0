import { PEAK_REACH, truePeak } from "./true-peak.ts";

/** Stereo samples that share a step of gain. 0.7 ms at 48 kHz. */
const BLOCK = 32;
/** Stereo samples looked ahead: the gain is down before the peak comes. */
export const LIMITER_LOOKAHEAD = BLOCK + PEAK_REACH;
/** Highest output, between samples too: -1.5 dBTP, since a lossy codec overshoots. */
const CEILING = 0.841;
/** Share of the way back to full gain that a block goes: 100 ms for two thirds. */
const RELEASE = 0.0067;

/**
 * Turns a loud mix down without clipping it. A straight line of gain leads from block to block, and no block's gain is above
 * what it and the next one allow, so no sample, and hardly anything between samples, passes the ceiling.
 */
export class Limiter {
	#gain = 1;
	/** Of the block that comes next: it was looked at already. */
	#peak = 0;

	/**
	 * In place, interleaved stereo. `mix` has LIMITER_LOOKAHEAD samples more than are to be used: those are only looked at, and
	 * come first in the next call, unchanged. The rest is a multiple of 32.
	 */
	process(mix: Float32Array): void {
		const blocks = (mix.length / 2 - LIMITER_LOOKAHEAD) / BLOCK;
		for (let block = 0; block < blocks; block++) {
			const nextPeak = truePeak(mix, (block + 1) * BLOCK, BLOCK);
			const allowed = CEILING / Math.max(this.#peak, nextPeak, CEILING);
			const goal = Math.min(allowed, this.#gain + (1 - this.#gain) * RELEASE);
			const step = (goal - this.#gain) / BLOCK;
			const start = block * BLOCK * 2;
			for (let i = 0; i < BLOCK; i++) {
				const gain = this.#gain + step * (i + 1);
				mix[start + i * 2] = (mix[start + i * 2] as number) * gain;
				mix[start + i * 2 + 1] = (mix[start + i * 2 + 1] as number) * gain;
			}
			this.#gain = goal;
			this.#peak = nextPeak;
		}
	}
}

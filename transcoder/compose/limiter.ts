/** Stereo samples looked ahead: the gain is down before the peak comes. 0.7 ms at 48 kHz. */
export const LIMITER_LOOKAHEAD = 32;
/** Highest output: -0.5 dB below full scale, since a lossy codec overshoots. */
const CEILING = 0.944;
/** Share of the way back to full gain that a block of LIMITER_LOOKAHEAD goes: 100 ms for two thirds. */
const RELEASE = 0.0067;

/**
 * Turns a loud mix down without clipping it. A straight line of gain leads from block to block, and no block's gain is above
 * what it and the next one allow, so no sample passes the ceiling.
 */
export class Limiter {
	#gain = 1;

	/**
	 * In place, interleaved stereo. `mix` has LIMITER_LOOKAHEAD samples more than are to be used: those are only looked at, and
	 * come first in the next call, unchanged. The rest is a multiple of LIMITER_LOOKAHEAD.
	 */
	process(mix: Float32Array): void {
		const blocks = mix.length / 2 / LIMITER_LOOKAHEAD - 1;
		let peak = peakOf(mix, 0);
		for (let block = 0; block < blocks; block++) {
			const nextPeak = peakOf(mix, block + 1);
			const allowed = CEILING / Math.max(peak, nextPeak, CEILING);
			const goal = Math.min(allowed, this.#gain + (1 - this.#gain) * RELEASE);
			const step = (goal - this.#gain) / LIMITER_LOOKAHEAD;
			const start = block * LIMITER_LOOKAHEAD * 2;
			for (let i = 0; i < LIMITER_LOOKAHEAD; i++) {
				const gain = this.#gain + step * (i + 1);
				mix[start + i * 2] = (mix[start + i * 2] ?? 0) * gain;
				mix[start + i * 2 + 1] = (mix[start + i * 2 + 1] ?? 0) * gain;
			}
			this.#gain = goal;
			peak = nextPeak;
		}
	}
}

function peakOf(mix: Float32Array, block: number): number {
	let peak = 0;
	const start = block * LIMITER_LOOKAHEAD * 2;
	for (let i = start; i < start + LIMITER_LOOKAHEAD * 2; i++) peak = Math.max(peak, Math.abs(mix[i] ?? 0));
	return peak;
}

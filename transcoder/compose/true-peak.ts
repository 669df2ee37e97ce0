/** Between two samples the wave is looked at in three places, as ITU-R BS.1770-4 annex 2 does. */
const PLACES = 3;
const TAPS = 12;
/** Samples needed behind the last one. */
export const PEAK_REACH = TAPS / 2;
const filters = between();

/**
 * The highest value of interleaved stereo sound, at and between its samples from `start` on. `samples` must reach PEAK_REACH beyond, and
 * 5 before.
 */
export function truePeak(samples: Float32Array, start: number, count: number): number {
	let peak = 0;
	for (let i = start * 2; i < (start + count) * 2; i++) peak = Math.max(peak, Math.abs(samples[i] as number));
	// A wave rises above its samples by no more than half in practice: nothing to find where they are low.
	if (peak < 0.4) return peak;
	for (let i = start * 2; i < (start + count) * 2; i++) {
		for (let place = 0; place < PLACES; place++) {
			let value = 0;
			for (let tap = 0; tap < TAPS; tap++) {
				value += (samples[i + (tap - TAPS / 2 + 1) * 2] ?? 0) * (filters[place * TAPS + tap] as number);
			}
			peak = Math.max(peak, Math.abs(value));
		}
	}
	return peak;
}

/** A row of TAPS for each place: a sinc in a Hann window. */
function between(): Float32Array {
	const rows = new Float32Array(PLACES * TAPS);
	for (let place = 0; place < PLACES; place++) {
		for (let tap = 0; tap < TAPS; tap++) {
			const distance = tap - TAPS / 2 + 1 - (place + 1) / (PLACES + 1);
			const window = Math.cos((Math.PI * distance) / (TAPS + 1)) ** 2;
			rows[place * TAPS + tap] = (window * Math.sin(Math.PI * distance)) / (Math.PI * distance);
		}
	}
	return rows;
}

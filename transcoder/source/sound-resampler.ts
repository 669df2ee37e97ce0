/** Samples of the source that make one of the result: enough for 17 kHz, with an error 70 dB below. */
const TAPS = 16;
const BEFORE = TAPS / 2 - 1;
/** Places between two samples at which the filter is known. The nearest is taken: 80 dB below a tone of 10 kHz. */
const PHASES = 4096;
/** Of the Kaiser window: trades how much is left of mirrored tones for how early high tones fall. */
const KAISER_BETA = 7;
const filters = windowedSinc();

/**
 * Stereo sound played a little faster or slower, by a windowed sinc. The pace may change with every call; the sound has no
 * seam there.
 */
export class SoundResampler {
	/** Interleaved: what later results still need, then what was pushed. */
	#input = new Float32Array(0);
	/** Samples in `#input`. */
	#count = 0;
	/** Of the next result, in samples of `#input`. */
	#at = 0;

	constructor() {
		this.restart();
	}

	/** Source samples from the next result's place to the next sample that is pushed. */
	get pending(): number {
		return this.#count - this.#at;
	}

	/** Forgets what it had. The first result is `fraction` (0 to 1) of a sample behind the next one pushed. */
	restart(fraction = 0): void {
		this.#input = new Float32Array(BEFORE * 2);
		this.#count = BEFORE;
		this.#at = BEFORE + fraction;
	}

	/** Interleaved. `step`: source samples for one result; 1.0003 plays it 300 ppm faster. */
	push(samples: Float32Array, step: number): Float32Array {
		const kept = Math.max(0, Math.floor(this.#at) - BEFORE);
		const input = new Float32Array((this.#count - kept) * 2 + samples.length);
		input.set(this.#input.subarray(kept * 2, this.#count * 2));
		input.set(samples, (this.#count - kept) * 2);
		let at = this.#at - kept;
		const end = input.length / 2 - TAPS / 2 - 1;
		const results = end < at ? 0 : Math.floor((end - at) / step) + 1;
		const output = new Float32Array(results * 2);
		for (let i = 0; i < results; i++, at += step) {
			const whole = Math.floor(at);
			const row = Math.round((at - whole) * PHASES) * TAPS;
			let from = (whole - BEFORE) * 2;
			let left = 0;
			let right = 0;
			for (let tap = row; tap < row + TAPS; tap++, from += 2) {
				const share = filters[tap] as number;
				left += (input[from] as number) * share;
				right += (input[from + 1] as number) * share;
			}
			output[i * 2] = left;
			output[i * 2 + 1] = right;
		}
		this.#input = input;
		this.#count = input.length / 2;
		this.#at = at;
		return output;
	}
}

/** A row of TAPS for each place between two samples, both ends included. Every row sums to 1, so that no tone stands still on a row's error. */
function windowedSinc(): Float32Array {
	const rows = new Float32Array((PHASES + 1) * TAPS);
	for (let phase = 0; phase <= PHASES; phase++) {
		const row = new Float64Array(TAPS);
		let sum = 0;
		for (let tap = 0; tap < TAPS; tap++) {
			const distance = tap - BEFORE - phase / PHASES;
			const edge = distance / (TAPS / 2);
			const sinc = distance === 0 ? 1 : Math.sin(Math.PI * distance) / (Math.PI * distance);
			row[tap] = Math.abs(edge) >= 1 ? 0 : sinc * bessel(KAISER_BETA * Math.sqrt(1 - edge * edge));
			sum += row[tap] as number;
		}
		for (let tap = 0; tap < TAPS; tap++) rows[phase * TAPS + tap] = (row[tap] as number) / sum;
	}
	return rows;
}

/** The modified Bessel function of the first kind, order 0. */
function bessel(x: number): number {
	let sum = 1;
	let term = 1;
	for (let k = 1; term > sum * 1e-9; k++) {
		term *= (x / (2 * k)) ** 2;
		sum += term;
	}
	return sum;
}

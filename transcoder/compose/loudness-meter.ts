/** Of the measurement: blocks of 400 ms that overlap by three quarters (ITU-R BS.1770-4 annex 1). Here in 12 steps of 1600 samples, a tick. */
const STEPS_PER_BLOCK = 12;
/** K-weighting at 48 kHz (annex 1, tables 1 and 2): a shelf for the head, and a high pass. */
const SHELF = {
	b0: 1.53512485958697,
	b1: -2.69169618940638,
	b2: 1.19839281085285,
	a1: -1.69065929318241,
	a2: 0.73248077421585,
};
const HIGH_PASS = { b0: 1, b1: -2, b2: 1, a1: -1.99004745483398, a2: 0.99007225036621 };
const FULL_SCALE_LUFS = -0.691;
/** Smaller than any sound: keeps the filters from counting on below what the processor does fast. */
const NOTHING = 1e-15;

type Coefficients = typeof SHELF;

/** Loudness of stereo sound by ITU-R BS.1770, over the last 400 ms. */
export class LoudnessMeter {
	readonly #filters = [SHELF, HIGH_PASS].flatMap((coefficients) => [
		new Filter(coefficients),
		new Filter(coefficients),
	]);
	readonly #steps = new Float64Array(STEPS_PER_BLOCK);
	#step = 0;

	/** The sound of one tick, interleaved. Returns the LUFS of the block that ends with it; -Infinity for silence. */
	push(samples: Float32Array): number {
		const [shelfLeft, shelfRight, passLeft, passRight] = this.#filters as [Filter, Filter, Filter, Filter];
		let energy = 0;
		for (let i = 0; i < samples.length; i += 2) {
			const left = passLeft.next(shelfLeft.next((samples[i] as number) + NOTHING));
			const right = passRight.next(shelfRight.next((samples[i + 1] as number) + NOTHING));
			energy += left * left + right * right;
		}
		this.#steps[this.#step] = energy / (samples.length / 2);
		this.#step = (this.#step + 1) % STEPS_PER_BLOCK;
		let sum = 0;
		for (const step of this.#steps) sum += step;
		return toLufs(sum / STEPS_PER_BLOCK);
	}
}

/** Of the mean square of K-weighted sound, both channels added. */
export function toLufs(meanSquare: number): number {
	return FULL_SCALE_LUFS + 10 * Math.log10(meanSquare);
}

/** The opposite. */
export function toMeanSquare(lufs: number): number {
	return 10 ** ((lufs - FULL_SCALE_LUFS) / 10);
}

/** Of second order, in transposed direct form II. */
class Filter {
	readonly #coefficients: Coefficients;
	#first = 0;
	#second = 0;

	constructor(coefficients: Coefficients) {
		this.#coefficients = coefficients;
	}

	next(x: number): number {
		const { b0, b1, b2, a1, a2 } = this.#coefficients;
		const y = b0 * x + this.#first;
		this.#first = b1 * x - a1 * y + this.#second;
		this.#second = b2 * x - a2 * y;
		return y;
	}
}

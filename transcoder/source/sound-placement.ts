import { SoundPace } from "./sound-pace.ts";
import { SoundResampler } from "./sound-resampler.ts";
import type { SoundRing } from "./sound-ring.ts";

const SAMPLE_RATE = 48_000;
/** Sound farther from its place jumps there, 40 ms. */
const MAX_ERROR = 0.04 * SAMPLE_RATE;
/** Sound nearer to its place does not jump even where nobody hears it, 2 ms. */
const IN_PLACE = 0.002 * SAMPLE_RATE;
/** Sound that is not louder jumps to its place unheard: -54 dBFS. */
const QUIET = 0.002;

/** Brings a source's sound, packet after packet, to its place in the ring, at a pace that follows the source's clock. */
export class SoundPlacement {
	readonly #ring: SoundRing;
	readonly #resampler = new SoundResampler();
	readonly #pace = new SoundPace();
	/** Of the next result. */
	#position: number | undefined;
	/** Where its sound began in the ring. */
	#startsAt = 0;
	#stretch = 0;

	constructor(ring: SoundRing) {
		this.#ring = ring;
	}

	/**
	 * Interleaved stereo at 48 kHz that follows what was placed last. `wanted`: where its first sample belongs, in samples since the Unix
	 * epoch; undefined: wherever the last has ended. Returns whether all of it came too late to be heard.
	 */
	place(samples: Float32Array, wanted?: number): boolean {
		if (this.#position === undefined) {
			if (wanted === undefined) return false;
			this.#startsAt = wanted;
			this.#jump(wanted);
		} else if (wanted !== undefined) this.#approach(samples, this.#position, wanted);
		const stretched = this.#resampler.push(samples, 1 / (1 + this.#stretch));
		const position = this.#position as number;
		this.#position = position + stretched.length / 2;
		return this.#ring.write(position, stretched) * 2 === stretched.length;
	}

	/** What comes next does not follow what was placed last. */
	interrupt(): void {
		this.#position = undefined;
	}

	#approach(samples: Float32Array, position: number, wanted: number): void {
		const error = wanted - (position + this.#resampler.pending * (1 + this.#stretch));
		const heard = this.#ring.readUntil > this.#startsAt && !isQuiet(samples);
		if (Math.abs(error) > (heard ? MAX_ERROR : IN_PLACE)) this.#jump(wanted);
		else this.#stretch = this.#pace.next(error / SAMPLE_RATE, samples.length / 2 / SAMPLE_RATE);
	}

	#jump(wanted: number): void {
		this.#position = Math.ceil(wanted);
		this.#resampler.restart(this.#position - wanted);
	}
}

function isQuiet(samples: Float32Array): boolean {
	for (const sample of samples) {
		if (sample > QUIET || sample < -QUIET) return false;
	}
	return true;
}

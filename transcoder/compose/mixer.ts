import { programmeFormat } from "../programme-format.ts";
import { LIMITER_LOOKAHEAD, Limiter } from "./limiter.ts";

/** A person's sound as the mixer takes it. */
export interface SoundSource {
	/** Adds the sound from sample `position` on (48 kHz since the Unix epoch) to `mix`, interleaved. Positions only go up. */
	addSound(mix: Float32Array, position: number): void;
}

/** Sums everybody's sound and keeps it from clipping. */
export class Mixer {
	readonly #limiter = new Limiter();
	/** Mixed already, as the limiter's look ahead. */
	readonly #ahead = new Float32Array(LIMITER_LOOKAHEAD * programmeFormat.channels);

	/** Sound of one tick, captured from sample `position` on; ticks follow each other. Interleaved, below full scale. */
	mix(sources: Iterable<SoundSource>, position: number): Float32Array {
		const fresh = new Float32Array(programmeFormat.samplesPerTick * programmeFormat.channels);
		for (const source of sources) source.addSound(fresh, position + LIMITER_LOOKAHEAD);
		const mix = new Float32Array(this.#ahead.length + fresh.length);
		mix.set(this.#ahead);
		mix.set(fresh, this.#ahead.length);
		this.#ahead.set(fresh.subarray(fresh.length - this.#ahead.length));
		this.#limiter.process(mix);
		return mix.subarray(0, fresh.length);
	}
}

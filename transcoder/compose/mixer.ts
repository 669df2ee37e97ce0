import { programmeFormat } from "../programme-format.ts";
import { GainControl } from "./gain-control.ts";
import { LIMITER_LOOKAHEAD, Limiter } from "./limiter.ts";

/** Samples over which somebody who leaves is faded: 10 ms. */
const FADE = 480;

/** A person's sound as the mixer takes it. */
export interface SoundSource {
	/** Adds the sound from sample `position` on (48 kHz since the Unix epoch) to `mix`, interleaved. Positions only go up. */
	addSound(mix: Float32Array, position: number): void;
}

/** Sums everybody's sound, each brought to the same loudness, and keeps it from clipping. */
export class Mixer {
	readonly #limiter = new Limiter();
	readonly #gains = new Map<SoundSource, GainControl>();
	readonly #own = new Float32Array(programmeFormat.samplesPerTick * programmeFormat.channels);
	/** Mixed already, as the limiter's look ahead. */
	readonly #ahead = new Float32Array(LIMITER_LOOKAHEAD * programmeFormat.channels);

	/**
	 * Sound of one tick, captured from sample `position` on; ticks follow each other. Interleaved, below full scale. A source that
	 * is no longer among them is read once more, and fades.
	 */
	mix(sources: Iterable<SoundSource>, position: number): Float32Array {
		const mix = new Float32Array(this.#ahead.length + this.#own.length);
		mix.set(this.#ahead);
		const fresh = mix.subarray(this.#ahead.length);
		const here = new Set(sources);
		for (const source of here) {
			if (!this.#gains.has(source)) this.#gains.set(source, new GainControl());
		}
		for (const [source, gain] of this.#gains) {
			this.#own.fill(0);
			source.addSound(this.#own, position + LIMITER_LOOKAHEAD);
			gain.process(this.#own);
			if (!here.has(source)) {
				fadeOut(this.#own);
				this.#gains.delete(source);
			}
			for (let i = 0; i < fresh.length; i++) fresh[i] = (fresh[i] as number) + (this.#own[i] as number);
		}
		this.#ahead.set(mix.subarray(this.#own.length));
		this.#limiter.process(mix);
		return mix.subarray(0, this.#own.length);
	}
}

function fadeOut(samples: Float32Array): void {
	for (let i = 0; i < samples.length; i++) {
		samples[i] = (samples[i] as number) * Math.max(0, 1 - ((i >> 1) + 1) / FADE);
	}
}

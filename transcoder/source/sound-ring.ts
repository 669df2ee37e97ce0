/** Stereo samples held: more than the presentation delay and every jitter. 1.4 s at 48 kHz. */
const CAPACITY = 65_536;
/** Samples over which sound is faded next to a hole, against clicks: 2.7 ms. */
const FADE = 128;

/**
 * Sound of one source by capture time. Positions count samples at 48 kHz since the Unix epoch. What was never written, or
 * came too late, is silence.
 */
export class SoundRing {
	readonly #samples = new Float32Array(CAPACITY * 2);
	/** Everything before it was read. */
	#read = 0;
	/** End of what was written. */
	#end = 0;

	/** Interleaved s16. Returns how many samples came too late (or too early) to be heard. */
	write(position: number, samples: Int16Array): number {
		const count = samples.length / 2;
		const from = Math.max(position, this.#read);
		const to = Math.min(position + count, this.#read + CAPACITY);
		if (to <= from) return count;
		const afterHole = from > this.#end || this.#end - from > FADE;
		if (afterHole) this.#fadeOutBefore(Math.min(this.#end, from));
		for (let at = from; at < to; at++) {
			const gain = afterHole ? Math.min(1, (at - from + 1) / FADE) / 32768 : 1 / 32768;
			const slot = (at % CAPACITY) * 2;
			this.#samples[slot] = (samples[(at - position) * 2] ?? 0) * gain;
			this.#samples[slot + 1] = (samples[(at - position) * 2 + 1] ?? 0) * gain;
		}
		this.#end = Math.max(this.#end, to);
		return count - (to - from);
	}

	/** Adds the samples from `position` on to `mix` (interleaved). Positions only go up. */
	addTo(mix: Float32Array, position: number): void {
		const count = mix.length / 2;
		// Let through unheard: a reader that skipped must not find it here a turn of the ring later.
		if (position - this.#read > CAPACITY) this.#samples.fill(0);
		else for (let at = this.#read; at < position; at++) this.#clear(at);
		for (let i = 0; i < count; i++) {
			const slot = ((position + i) % CAPACITY) * 2;
			mix[i * 2] = (mix[i * 2] ?? 0) + (this.#samples[slot] ?? 0);
			mix[i * 2 + 1] = (mix[i * 2 + 1] ?? 0) + (this.#samples[slot + 1] ?? 0);
			this.#samples[slot] = 0;
			this.#samples[slot + 1] = 0;
		}
		this.#read = position + count;
	}

	#clear(at: number): void {
		const slot = (at % CAPACITY) * 2;
		this.#samples[slot] = 0;
		this.#samples[slot + 1] = 0;
	}

	#fadeOutBefore(end: number): void {
		const start = Math.max(end - FADE, this.#read);
		for (let at = start; at < end; at++) {
			const gain = (end - at) / FADE;
			const slot = (at % CAPACITY) * 2;
			this.#samples[slot] = (this.#samples[slot] ?? 0) * gain;
			this.#samples[slot + 1] = (this.#samples[slot + 1] ?? 0) * gain;
		}
	}
}

/**
 * Stereo samples held, 3.4 s at 48 kHz: a process that was held up for as long as ticks are made up for (see ProgrammeClock)
 * finds all the sound of that time at once.
 */
export const CAPACITY = 163_840;
/** Samples over which sound is faded where it does not follow what was there, against clicks: 10 ms. */
const FADE = 480;

/**
 * Sound of one source by capture time. Positions count samples at 48 kHz since the Unix epoch. What was never written, or
 * came too late, is silence.
 */
export class SoundRing {
	readonly #samples = new Float32Array(CAPACITY * 2);
	/** Everything before it was read. */
	#read = 0;
	/** End of what was written; behind it there is silence. */
	#end = 0;

	/** Everything before it was mixed. */
	get readUntil(): number {
		return this.#read;
	}

	get writtenUntil(): number {
		return this.#end;
	}

	/**
	 * Interleaved. What follows the last write has no seam; else sound fades in, over what was there for that time, if anything,
	 * and takes its place. Returns how many samples came too late (or too early) to be heard.
	 */
	write(position: number, samples: Float32Array): number {
		const count = samples.length / 2;
		const from = Math.max(position, this.#read);
		const to = Math.min(position + count, this.#read + CAPACITY);
		if (to <= from) return count;
		const source = samples.subarray((from - position) * 2, (to - position) * 2);
		if (from === this.#end) this.#copy(from, source);
		else this.#blend(from, source);
		for (let at = to; at < this.#end; at++) this.#clear(at);
		this.#end = to;
		return count - (to - from);
	}

	/** Adds the samples from `position` on to `mix` (interleaved). Positions only go up. Returns the sum of their squares. */
	addTo(mix: Float32Array, position: number): number {
		const count = mix.length / 2;
		// Let through unheard: a reader that skipped must not find it here a turn of the ring later.
		if (position - this.#read > CAPACITY) this.#samples.fill(0);
		else for (let at = this.#read; at < position; at++) this.#clear(at);
		const held = this.#samples;
		let energy = 0;
		let slot = (position % CAPACITY) * 2;
		for (let i = 0; i < mix.length; i++, slot++) {
			if (slot === held.length) slot = 0;
			const sample = held[slot] as number;
			energy += sample * sample;
			mix[i] = (mix[i] as number) + sample;
			held[slot] = 0;
		}
		this.#read = position + count;
		return energy;
	}

	/** Fades the end of what was written. */
	fadeOut(): void {
		const start = Math.max(this.#end - FADE, this.#read);
		for (let at = start; at < this.#end; at++) {
			const gain = (this.#end - at) / (this.#end - start + 1);
			const slot = (at % CAPACITY) * 2;
			this.#samples[slot] = (this.#samples[slot] as number) * gain;
			this.#samples[slot + 1] = (this.#samples[slot + 1] as number) * gain;
		}
	}

	#copy(from: number, source: Float32Array): void {
		const slot = (from % CAPACITY) * 2;
		const untilTurn = Math.min(source.length, this.#samples.length - slot);
		this.#samples.set(source.subarray(0, untilTurn), slot);
		this.#samples.set(source.subarray(untilTurn), 0);
	}

	#blend(from: number, source: Float32Array): void {
		if (from > this.#end) this.fadeOut();
		for (let i = 0; i < source.length / 2; i++) {
			const slot = ((from + i) % CAPACITY) * 2;
			const share = Math.min(1, (i + 1) / FADE);
			this.#samples[slot] = (source[i * 2] as number) * share + (this.#samples[slot] as number) * (1 - share);
			this.#samples[slot + 1] =
				(source[i * 2 + 1] as number) * share + (this.#samples[slot + 1] as number) * (1 - share);
		}
	}

	#clear(at: number): void {
		const slot = (at % CAPACITY) * 2;
		this.#samples[slot] = 0;
		this.#samples[slot + 1] = 0;
	}
}

import type { OpusDecoder } from "./opus-decoder.ts";
import { opusPacketRepeats } from "./opus-packet.ts";

/** Concealment counts in steps of 2.5 ms at 48 kHz: the decoder makes no less. */
export const CONCEALMENT_STEP = 120;
/** What is made up is heard in full for 20 ms, then fades, and is silent after 100 ms: longer, it turns into buzzing. */
const FULL = 960;
const MAX_CONCEALED = 4800;
/** Real sound comes back from what was made up within 10 ms. */
const RETURN = 480;

/**
 * Decodes packets, and makes up what is lost between them: from the redundancy of the packet after it (RFC 6716 section 2.1.7) where there
 * is any, else as libopus continues the sound. Sound is interleaved stereo at 48 kHz.
 */
export class SoundConcealer {
	readonly #decoder: OpusDecoder;
	/** Samples made up since the last that were real. */
	#concealed = MAX_CONCEALED;
	#gain = 0;

	constructor(decoder: OpusDecoder) {
		this.#decoder = decoder;
	}

	/** Samples that can still be made up before it is silent. */
	get left(): number {
		return MAX_CONCEALED - this.#concealed;
	}

	/** Undefined when the packet is broken. */
	decode(payload: Buffer): Float32Array | undefined {
		const samples = this.#decoder.decode(payload);
		if (!samples) return undefined;
		this.#concealed = 0;
		this.#rise(samples, 0);
		return samples;
	}

	/**
	 * At most `samples`, a multiple of CONCEALMENT_STEP, in place of what is missing; less when it has faded away. `next`: the packet
	 * behind the gap.
	 */
	fill(samples: number, next?: Buffer): Float32Array | undefined {
		const repeated = next ? opusPacketRepeats(next) : 0;
		const count = Math.min(samples, this.left);
		if (count < CONCEALMENT_STEP) return undefined;
		const whole = next && count === samples && repeated > 0;
		const filled = whole ? this.#decoder.recover(next, count) : this.#decoder.conceal(count);
		if (!filled) return undefined;
		const madeUp = whole ? Math.max(0, count - repeated) : count;
		this.#fall(filled, madeUp);
		this.#concealed += madeUp;
		if (whole) this.#rise(filled, madeUp);
		return filled;
	}

	/** From `from` on back to full gain. */
	#rise(samples: Float32Array, from: number): void {
		const step = 1 / RETURN;
		for (let i = from; i * 2 < samples.length && this.#gain < 1; i++) {
			this.#gain = Math.min(1, this.#gain + step);
			samples[i * 2] = (samples[i * 2] ?? 0) * this.#gain;
			samples[i * 2 + 1] = (samples[i * 2 + 1] ?? 0) * this.#gain;
		}
	}

	#fall(samples: Float32Array, until: number): void {
		const before = this.#gain;
		for (let i = 0; i < until; i++) {
			const left = MAX_CONCEALED - this.#concealed - i - 1;
			this.#gain = Math.min(before, left / (MAX_CONCEALED - FULL));
			samples[i * 2] = (samples[i * 2] ?? 0) * this.#gain;
			samples[i * 2 + 1] = (samples[i * 2 + 1] ?? 0) * this.#gain;
		}
	}
}

import { createDecoder, type OpusDecoderHandle } from "libopus-wasm";

/** One publisher's libopus, on the calling thread: a packet of 20 ms takes 0.05 ms. Sound is interleaved stereo at 48 kHz, -1 to 1. */
export class OpusDecoder {
	readonly #libopus: OpusDecoderHandle;

	private constructor(libopus: OpusDecoderHandle) {
		this.#libopus = libopus;
	}

	static async open(): Promise<OpusDecoder> {
		return new OpusDecoder(await createDecoder());
	}

	/** Undefined when the packet is broken. */
	decode(payload: Uint8Array): Float32Array | undefined {
		if (payload.length === 0) return undefined;
		return orNothing(() => this.#libopus.decodeFloat(payload));
	}

	/**
	 * What was lost before `next`: its end from what `next` repeats of it, if anything; the rest goes on as what came before.
	 * `samples`: a multiple of 2.5 ms, at most 120 ms.
	 */
	recover(next: Uint8Array, samples: number): Float32Array | undefined {
		return orNothing(() => this.#libopus.decodeFloat(next, { decodeFec: true, frameSize: samples }));
	}

	/** Goes on as what came before. `samples`: a multiple of 2.5 ms, at most 120 ms. */
	conceal(samples: number): Float32Array | undefined {
		return orNothing(() => this.#libopus.decodePacketLossFloat(samples));
	}

	/** Idempotent. */
	close(): void {
		this.#libopus.free();
	}
}

/** Within -1 to 1: what was broken on its way decodes to a hundred times that. */
function orNothing(decode: () => Float32Array): Float32Array | undefined {
	let samples: Float32Array;
	try {
		samples = decode();
	} catch {
		return undefined;
	}
	for (let i = 0; i < samples.length; i++) {
		const sample = samples[i] as number;
		if (!(sample >= -1 && sample <= 1)) samples[i] = sample > 1 ? 1 : sample < -1 ? -1 : 0;
	}
	return samples;
}

import { AV_CHANNEL_LAYOUT_STEREO, AV_LOG_QUIET, FF_DECODER_LIBOPUS } from "node-av/constants";
import { Codec, CodecContext, Frame, Log, Packet } from "node-av/lib";

/** Opus to 48 kHz stereo, on the calling thread: a packet takes less than 0.1 ms. */
export class OpusDecoder {
	readonly #context: CodecContext;
	readonly #packet = new Packet();
	readonly #frame = new Frame();

	/** @throws Error when libav cannot open the decoder */
	constructor() {
		Log.setLevel(AV_LOG_QUIET);
		const codec = Codec.findDecoderByName(FF_DECODER_LIBOPUS);
		if (!codec) throw new Error("libav has no libopus");
		this.#context = new CodecContext();
		this.#context.allocContext3(codec);
		this.#context.sampleRate = 48_000;
		this.#context.channelLayout = AV_CHANNEL_LAYOUT_STEREO;
		const result = this.#context.open2Sync(codec, null);
		if (result < 0) throw new Error(`libav cannot open libopus: ${result}`);
		this.#packet.alloc();
		this.#frame.alloc();
	}

	/** Interleaved s16, valid until the next call; undefined when the packet is broken. */
	decode(payload: Buffer): Int16Array | undefined {
		if (payload.length === 0) return undefined;
		this.#packet.data = payload;
		if (this.#context.sendPacketSync(this.#packet) < 0) return undefined;
		if (this.#context.receiveFrameSync(this.#frame) < 0) return undefined;
		const samples = this.#frame.data?.[0];
		if (!samples || this.#frame.channels !== 2) return undefined;
		return new Int16Array(samples.buffer, samples.byteOffset, this.#frame.nbSamples * 2);
	}

	close(): void {
		this.#packet.free();
		this.#frame.free();
		this.#context.freeContext();
	}
}

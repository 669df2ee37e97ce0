import { AV_CHANNEL_LAYOUT_STEREO, AV_LOG_QUIET, AV_SAMPLE_FMT_FLT, FF_ENCODER_LIBOPUS } from "node-av/constants";
import { Codec, CodecContext, Frame, Log, Packet } from "node-av/lib";
import { programmeFormat } from "../programme-format.ts";

const BITRATE = 96_000n;
/** 20 ms. */
const PACKET_SAMPLES = 960;
const PACKET_VALUES = PACKET_SAMPLES * programmeFormat.channels;
const SAMPLES_PER_MS = programmeFormat.sampleRate / 1000;

/** Makes Opus packets of 20 ms out of the programme's ticks, whose length is another. */
export class OpusEncoder {
	readonly #context: CodecContext;
	readonly #frame: Frame;
	readonly #packet = new Packet();
	/** Interleaved, up to one packet's. */
	readonly #pending = new Float32Array(PACKET_VALUES);
	#pendingValues = 0;

	/** @throws Error when libav cannot open the encoder */
	constructor() {
		Log.setLevel(AV_LOG_QUIET);
		const codec = Codec.findEncoderByName(FF_ENCODER_LIBOPUS);
		if (!codec) throw new Error("libav has no libopus");
		this.#context = new CodecContext();
		this.#context.allocContext3(codec);
		this.#context.sampleRate = programmeFormat.sampleRate;
		this.#context.channelLayout = AV_CHANNEL_LAYOUT_STEREO;
		this.#context.sampleFormat = AV_SAMPLE_FMT_FLT;
		this.#context.bitRate = BITRATE;
		// Its defaults are right: packets of 20 ms, for sound of all kinds.
		const opened = this.#context.open2Sync(codec, null);
		if (opened < 0) throw new Error(`libav cannot open libopus: ${opened}`);
		this.#frame = new Frame();
		this.#frame.alloc();
		this.#frame.format = AV_SAMPLE_FMT_FLT;
		this.#frame.channelLayout = AV_CHANNEL_LAYOUT_STEREO;
		this.#frame.sampleRate = programmeFormat.sampleRate;
		this.#frame.nbSamples = PACKET_SAMPLES;
		const result = this.#frame.getBuffer();
		if (result < 0) throw new Error(`libav has no memory for a frame of sound: ${result}`);
		this.#packet.alloc();
	}

	/** `sound`: interleaved, the samples from `captureMs` on. What waits for the rest of its packet is moved up over a gap. */
	*push(sound: Float32Array, captureMs: number): Generator<{ payload: Buffer; captureMs: number }> {
		let startMs = captureMs - this.#pendingValues / programmeFormat.channels / SAMPLES_PER_MS;
		for (let at = 0; at < sound.length; ) {
			const taken = sound.subarray(at, at + PACKET_VALUES - this.#pendingValues);
			this.#pending.set(taken, this.#pendingValues);
			at += taken.length;
			this.#pendingValues += taken.length;
			if (this.#pendingValues < PACKET_VALUES) return;
			this.#pendingValues = 0;
			const payload = this.#encode();
			if (payload) yield { payload, captureMs: startMs };
			startMs += PACKET_SAMPLES / SAMPLES_PER_MS;
		}
	}

	close(): void {
		this.#packet.free();
		this.#frame.free();
		this.#context.freeContext();
	}

	#encode(): Buffer | undefined {
		// The encoder may still hold the samples before.
		if (this.#frame.makeWritable() < 0) return undefined;
		const [samples] = this.#frame.data ?? [];
		if (!samples) return undefined;
		new Float32Array(samples.buffer, samples.byteOffset, PACKET_VALUES).set(this.#pending);
		if (this.#context.sendFrameSync(this.#frame) < 0) return undefined;
		if (this.#context.receivePacketSync(this.#packet) < 0) return undefined;
		const payload = Buffer.from(this.#packet.data ?? []);
		this.#packet.unref();
		return payload.length > 0 ? payload : undefined;
	}
}

import { opusPacketSamples } from "./opus-packet.ts";
import { type RtpPacket, sequenceDistance, timestampDistance } from "./rtp.ts";

/** Packets that are looked at together: one second of the usual 20 ms. */
const WINDOW = 50;
/**
 * So many odd ones of them are no encoder's. Speech, percussion and fast arpeggios through libopus at 12 to 128 kbit/s have at most 6;
 * packets cut at random have 18 on average.
 */
const NOT_SANE = 11;
/** With so few it is an encoder again. */
const SANE_AGAIN = 5;
/** An encoder does not make a packet this many times longer or shorter than the one before, or only seldom. */
const ODD_RATIO = 2.8;
/** Shorter packets stand for silence (discontinuous transmission), and say nothing of the others' length. */
const SILENT_BYTES = 2;

/**
 * Tells packets that an Opus encoder made from those that something broke: to the decoder every byte makes sense, and what was broken
 * is loud noise. An encoder seldom changes its configuration, lets no packet reach into the next one's time, and its
 * packets' lengths follow each other smoothly. What is broken behind the first byte, with its length kept, is not seen.
 */
export class OpusGuard {
	readonly #odd = new Uint8Array(WINDOW);
	#at = 0;
	#sum = 0;
	#sane = true;
	#configuration = -1;
	#bytes = 0;
	#previous: { sequence: number; timestamp: number; samples: number } | undefined;

	/** Whether what arrives may be heard. */
	get sane(): boolean {
		return this.#sane;
	}

	/** Looks at the next packet in order. Returns whether it can be decoded at all. */
	push({ payload, sequence, timestamp }: RtpPacket): boolean {
		const samples = opusPacketSamples(payload);
		let odd = samples === undefined;
		if (samples !== undefined) {
			odd = this.#isOdd(payload) || this.#overlaps(sequence, timestamp);
			this.#previous = { sequence, timestamp, samples };
		}
		this.#sum += (odd ? 1 : 0) - (this.#odd[this.#at] ?? 0);
		this.#odd[this.#at] = odd ? 1 : 0;
		this.#at = (this.#at + 1) % WINDOW;
		if (this.#sum >= NOT_SANE) this.#sane = false;
		else if (this.#sum <= SANE_AGAIN) this.#sane = true;
		return samples !== undefined;
	}

	#isOdd(payload: Buffer): boolean {
		const configuration = payload.readUInt8(0) >> 2; // with mono or stereo
		let odd = this.#configuration >= 0 && configuration !== this.#configuration;
		this.#configuration = configuration;
		if (payload.length <= SILENT_BYTES) return odd;
		const ratio = this.#bytes === 0 ? 1 : payload.length / this.#bytes;
		if (ratio > ODD_RATIO || ratio < 1 / ODD_RATIO) odd = true;
		this.#bytes = payload.length;
		return odd;
	}

	#overlaps(sequence: number, timestamp: number): boolean {
		const previous = this.#previous;
		if (!previous || sequenceDistance(sequence, previous.sequence) !== 1) return false;
		const distance = timestampDistance(timestamp, previous.timestamp);
		return distance > 0 && distance < previous.samples;
	}
}

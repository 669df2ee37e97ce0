import { JitterBuffer } from "./jitter-buffer.ts";
import type { MediaClock } from "./media-clock.ts";
import { OpusDecoder } from "./opus-decoder.ts";
import { type RtpPacket, timestampDistance } from "./rtp.ts";
import type { SoundRing } from "./sound-ring.ts";

/** Samples a millisecond, of Opus RTP timestamps (RFC 7587) and of the mix. */
const SAMPLES_PER_MS = 48;
/** Sound farther from its place jumps there; nearer, it is stretched or squeezed until it is there, which nobody hears. */
const MAX_DRIFT = 40 * SAMPLES_PER_MS;
/** Near enough to its place. */
const IN_PLACE = 2 * SAMPLES_PER_MS;
/** Samples by which a packet may be stretched: 1 % of one of 20 ms. */
const MAX_STRETCH = 10;
/** Packets in a row that came too late: no jitter, the path has become slower. 0.5 s at 20 ms each. */
const LATE_PACKETS = 25;

/** One publisher's sound from RTP packets to samples at their capture time. */
export class SoundTrack {
	readonly #ssrc: number;
	readonly #mediaClock: MediaClock;
	readonly #ring: SoundRing;
	readonly #decoder = new OpusDecoder();
	readonly #jitter = new JitterBuffer<RtpPacket>();
	/** Where the sample of one RTP timestamp is in the ring. */
	#anchor: { timestamp: number; position: number } | undefined;
	#late = 0;

	constructor({ ssrc }: { ssrc: number }, { mediaClock, ring }: { mediaClock: MediaClock; ring: SoundRing }) {
		this.#ssrc = ssrc;
		this.#mediaClock = mediaClock;
		this.#ring = ring;
	}

	push(packet: RtpPacket, nowMs: number): void {
		this.#jitter.push(packet, nowMs);
		this.tick(nowMs);
	}

	/** Call it now and then: waiting for packets ends by time. */
	tick(nowMs: number): void {
		for (const { packet } of this.#jitter.pull(nowMs)) this.#take(packet);
	}

	close(): void {
		this.#decoder.close();
	}

	#take({ payload, timestamp }: RtpPacket): void {
		const samples = this.#decoder.decode(payload);
		if (!samples) return;
		const { position, stretchBy } = this.#place(timestamp);
		const placed = stretchBy === 0 ? samples : stretch(samples, stretchBy);
		const lost = this.#ring.write(position, placed);
		this.#late = lost * 2 === placed.length ? this.#late + 1 : 0;
		if (this.#late < LATE_PACKETS) return;
		this.#late = 0;
		this.#anchor = undefined;
		this.#mediaClock.restart();
	}

	/** Where it goes, and by how many samples it is made longer, so that the next ones come nearer to their place. */
	#place(timestamp: number): { position: number; stretchBy: number } {
		const wanted = Math.round(this.#mediaClock.captureMs(this.#ssrc, timestamp) * SAMPLES_PER_MS);
		if (this.#anchor) {
			const position = this.#anchor.position + timestampDistance(timestamp, this.#anchor.timestamp);
			const error = wanted - position;
			if (Math.abs(error) <= MAX_DRIFT) {
				const stretchBy =
					Math.abs(error) < IN_PLACE ? 0 : Math.sign(error) * Math.min(MAX_STRETCH, Math.ceil(Math.abs(error) / 16));
				this.#anchor = { timestamp, position: position + stretchBy };
				return { position, stretchBy };
			}
		}
		this.#anchor = { timestamp, position: wanted };
		return { position: wanted, stretchBy: 0 };
	}
}

/** The same sound in `by` more (or fewer) samples, by linear interpolation. Interleaved stereo. */
function stretch(samples: Int16Array, by: number): Int16Array {
	const from = samples.length / 2;
	const to = from + by;
	if (to < 2) return samples;
	const stretched = new Int16Array(to * 2);
	for (let i = 0; i < to; i++) {
		const at = (i * (from - 1)) / (to - 1);
		const left = Math.floor(at);
		const share = at - left;
		for (const channel of [0, 1]) {
			const here = samples[left * 2 + channel] ?? 0;
			stretched[i * 2 + channel] = here + ((samples[left * 2 + 2 + channel] ?? here) - here) * share;
		}
	}
	return stretched;
}

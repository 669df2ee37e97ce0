import { programmeFormat } from "../programme-format.ts";
import { JitterBuffer } from "./jitter-buffer.ts";
import type { MediaClock } from "./media-clock.ts";
import { OpusDecoder } from "./opus-decoder.ts";
import { OpusGuard } from "./opus-guard.ts";
import { type RtpPacket, timestampDistance } from "./rtp.ts";
import { CONCEALMENT_STEP, SoundConcealer } from "./sound-concealer.ts";
import { SoundPlacement } from "./sound-placement.ts";
import type { SoundRing } from "./sound-ring.ts";

/** Samples a millisecond, of Opus RTP timestamps (RFC 7587) and of the mix. */
const SAMPLES_PER_MS = 48;
/** Packets in a row that came too late: no jitter, the path has become slower. 0.5 s at 20 ms each. */
const LATE_PACKETS = 25;
/** With less in the ring the mixer would find a hole, where a packet is late or there are no more. */
const LEAST_AHEAD = programmeFormat.samplesPerTick;
/** Made up at a time when packets are late: they may still come. 10 ms. */
const LATE_STEP = 4 * CONCEALMENT_STEP;
/** Made up for its end to fade: 20 ms. */
const END = 8 * CONCEALMENT_STEP;

export interface SoundTrackEvents {
	/** What it sends is broken, and not heard; or it is heard again. Its beginning and end are faded. */
	muted: (muted: boolean) => void;
}

/** One publisher's sound from RTP packets to samples at their capture time, with what is lost made up. */
export class SoundTrack {
	readonly #ssrc: number;
	readonly #mediaClock: MediaClock;
	readonly #ring: SoundRing;
	readonly #events: SoundTrackEvents;
	readonly #placement: SoundPlacement;
	readonly #guard = new OpusGuard();
	readonly #jitter: JitterBuffer<RtpPacket>;
	#opening: Promise<void>;
	#decoder: OpusDecoder | undefined;
	#concealer: SoundConcealer | undefined;
	#muted = false;
	#closed = false;
	/** RTP timestamp behind the last sample placed. */
	#next: number | undefined;
	#late = 0;

	constructor(
		{ ssrc, waitMs }: { ssrc: number; waitMs: () => number },
		{ mediaClock, ring, events }: { mediaClock: MediaClock; ring: SoundRing; events: SoundTrackEvents },
	) {
		this.#events = events;
		this.#ssrc = ssrc;
		this.#jitter = new JitterBuffer({ waitMs });
		this.#mediaClock = mediaClock;
		this.#ring = ring;
		this.#placement = new SoundPlacement(ring);
		this.#opening = this.#openDecoder();
	}

	/** Packets wait for it. */
	get opened(): Promise<void> {
		return this.#opening;
	}

	push(packet: RtpPacket, nowMs: number): void {
		this.#jitter.push(packet, nowMs);
		this.#takeAll(nowMs);
	}

	/** Call it before every reading of the ring: waiting for packets ends by time. */
	tick(nowMs: number): void {
		this.#takeAll(nowMs);
		while (this.#next !== undefined && this.#ring.writtenUntil < this.#ring.readUntil + LEAST_AHEAD) {
			if (!this.#fill(LATE_STEP)) return;
		}
	}

	/** Fades out what it has placed. */
	close(): void {
		this.#closed = true;
		this.#fill(END);
		this.#next = undefined;
		this.#ring.fadeOut();
		this.#decoder?.close();
	}

	#takeAll(nowMs: number): void {
		if (!this.#decoder) return;
		for (const { packet } of this.#jitter.pull(nowMs)) this.#take(packet);
	}

	async #openDecoder(): Promise<void> {
		const decoder = await OpusDecoder.open();
		if (this.#closed) return decoder.close();
		this.#decoder = decoder;
		this.#concealer = new SoundConcealer(decoder);
	}

	#take(packet: RtpPacket): void {
		const { payload, timestamp } = packet;
		if (payload.length === 0) return; // padding alone: a bandwidth probe
		const whole = this.#guard.push(packet);
		if (this.#guard.sane === this.#muted) this.#setMuted(!this.#muted);
		if (!whole || this.#muted) return;
		const follows = this.#bridge(timestamp, payload);
		const samples = this.#concealer?.decode(payload);
		if (!samples) return;
		if (!follows) this.#placement.interrupt();
		this.#next = (timestamp + samples.length / 2) >>> 0;
		const late = this.#placement.place(samples, this.#mediaClock.captureMs(this.#ssrc, timestamp) * SAMPLES_PER_MS);
		this.#late = late ? this.#late + 1 : 0;
		if (this.#late < LATE_PACKETS) return;
		this.#late = 0;
		this.#placement.interrupt();
		this.#mediaClock.restart();
	}

	/** Fills what is missing before a packet. Returns whether the packet follows what was placed last. */
	#bridge(timestamp: number, payload: Buffer): boolean {
		if (this.#next === undefined) return false;
		const gap = timestampDistance(timestamp, this.#next);
		if (gap <= 0 || gap % CONCEALMENT_STEP !== 0) return gap === 0;
		this.#fill(gap, payload);
		return this.#next === timestamp;
	}

	/** Returns whether anything was made up. */
	#fill(samples: number, next?: Buffer): boolean {
		const filled = this.#concealer?.fill(samples, next);
		if (!filled || this.#next === undefined) return false;
		this.#placement.place(filled);
		this.#next = (this.#next + filled.length / 2) >>> 0;
		return true;
	}

	#setMuted(muted: boolean): void {
		this.#muted = muted;
		this.#events.muted(muted);
		if (muted) return;
		// What it was fed last has left its mark on it.
		this.#decoder?.close();
		this.#decoder = undefined;
		this.#concealer = undefined;
		this.#opening = this.#openDecoder();
	}
}

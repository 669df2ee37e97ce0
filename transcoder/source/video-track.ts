import type { Clock } from "../../core/runtime/clock.ts";
import type { AccessUnit, VideoDepacketizer } from "./access-unit.ts";
import { H264Depacketizer } from "./h264-depacketizer.ts";
import { JitterBuffer } from "./jitter-buffer.ts";
import type { MediaClock } from "./media-clock.ts";
import type { PictureQueue } from "./picture-queue.ts";
import type { RtpPacket } from "./rtp.ts";
import { VideoDecoder } from "./video-decoder.ts";
import { Vp8Depacketizer } from "./vp8-depacketizer.ts";

/** Pictures on either side that are no pictures: refused before the decoder allocates for them. */
const MAX_SIDE = 4096;
const MIN_SIDE = 16;
/** Coded pictures that may wait for the decoder, and their bytes. */
const MAX_UNDECODED = 30;
const MAX_UNDECODED_BYTES = 8 * 1024 * 1024;
/** Asking more often makes a publisher send nothing but keyframes. */
const KEYFRAME_REQUEST_INTERVAL_MS = 500;
/** A publisher that sends no keyframe when asked (OBS) is shown with blemishes, rather than frozen for its whole interval. */
const MAX_FREEZE_MS = 2000;

export interface VideoTrackEvents {
	keyframeWanted: () => void;
	/** The decoder was replaced, or a picture refused. */
	trouble: (reason: string) => void;
}

/** One publisher's video from RTP packets to decoded pictures. What goes wrong costs this track its pictures until the next keyframe. */
export class VideoTrack {
	readonly #codec: "VP8" | "H264";
	readonly #ssrc: number;
	readonly #clock: Clock;
	readonly #mediaClock: MediaClock;
	readonly #pictures: PictureQueue;
	readonly #events: VideoTrackEvents;
	readonly #jitter = new JitterBuffer<RtpPacket>();
	readonly #depacketizer: VideoDepacketizer;
	#undecoded: { data: Buffer; captureMs: number }[] = [];
	#decoder: VideoDecoder | undefined;
	#decoding = false;
	/** Until a keyframe comes, pictures are let go; since when. Infinity: nothing can be decoded without one. */
	#frozenSinceMs: number | undefined = Number.POSITIVE_INFINITY;
	#requestedMs = Number.NEGATIVE_INFINITY;
	#closed = false;

	constructor(
		{ codec, ssrc }: { codec: "VP8" | "H264"; ssrc: number },
		{
			clock,
			mediaClock,
			pictures,
			events,
		}: { clock: Clock; mediaClock: MediaClock; pictures: PictureQueue; events: VideoTrackEvents },
	) {
		this.#codec = codec;
		this.#ssrc = ssrc;
		this.#clock = clock;
		this.#mediaClock = mediaClock;
		this.#pictures = pictures;
		this.#events = events;
		this.#depacketizer = codec === "VP8" ? new Vp8Depacketizer() : new H264Depacketizer();
	}

	push(packet: RtpPacket, nowMs: number): void {
		this.#jitter.push(packet, nowMs);
		this.tick(nowMs);
	}

	/** Call it now and then: waiting for packets and for keyframes ends by time. */
	tick(nowMs: number): void {
		for (const { packet, afterLoss } of this.#jitter.pull(nowMs)) {
			if (afterLoss) {
				this.#depacketizer.reset();
				this.#freeze(nowMs);
			}
			if (packet.payload.length === 0) continue; // padding alone: a bandwidth probe
			for (const unit of this.#depacketizer.push(packet)) this.#take(unit, nowMs);
		}
		if (this.#frozenSinceMs !== undefined) this.#requestKeyframe(nowMs);
	}

	/** A picture in the decoder is finished, and let go, after it. */
	close(): void {
		this.#closed = true;
		this.#undecoded = [];
		if (!this.#decoding) this.#closeDecoder();
	}

	#freeze(sinceMs: number): void {
		this.#frozenSinceMs ??= sinceMs;
		if (sinceMs === Number.POSITIVE_INFINITY) this.#frozenSinceMs = sinceMs;
	}

	#requestKeyframe(nowMs: number): void {
		if (nowMs - this.#requestedMs < KEYFRAME_REQUEST_INTERVAL_MS) return;
		this.#requestedMs = nowMs;
		this.#events.keyframeWanted();
	}

	#take({ keyframe, size, data, rtpTimestamp }: AccessUnit, nowMs: number): void {
		if (size && (size.width > MAX_SIDE || size.height > MAX_SIDE || size.width < MIN_SIDE || size.height < MIN_SIDE)) {
			this.#freeze(Number.POSITIVE_INFINITY); // what follows refers to it
			this.#events.trouble(`pictures of ${size.width}x${size.height} are not taken`);
			return;
		}
		if (this.#frozenSinceMs !== undefined) {
			if (!keyframe && nowMs - this.#frozenSinceMs < MAX_FREEZE_MS) return;
			if (this.#frozenSinceMs === Number.POSITIVE_INFINITY && !(keyframe && size)) return;
			this.#frozenSinceMs = undefined;
		}
		const bytes = this.#undecoded.reduce((sum, waiting) => sum + waiting.data.length, data.length);
		if (this.#undecoded.length >= MAX_UNDECODED || bytes > MAX_UNDECODED_BYTES) {
			this.#undecoded = [];
			this.#freeze(nowMs);
			return;
		}
		this.#undecoded.push({ data, captureMs: this.#mediaClock.captureMs(this.#ssrc, rtpTimestamp) });
		if (!this.#decoding) {
			this.#decoding = true;
			void this.#decodeAll();
		}
	}

	/** The only user of the decoder, and the one that closes it: libav's calls must not overlap. */
	async #decodeAll(): Promise<void> {
		for (let unit = this.#undecoded.shift(); unit; unit = this.#undecoded.shift()) {
			try {
				this.#decoder ??= await VideoDecoder.open(this.#codec);
				for (const { frame, captureMs, damaged } of await this.#decoder.decode(unit.data, unit.captureMs)) {
					if (this.#closed) frame.free();
					else this.#pictures.push({ frame, captureMs });
					if (damaged) this.#requestKeyframe(this.#clock.now());
				}
			} catch (error) {
				this.#closeDecoder();
				this.#undecoded = [];
				this.#freeze(Number.POSITIVE_INFINITY);
				this.#events.trouble((error as Error).message);
			}
		}
		this.#decoding = false;
		if (this.#closed) this.#closeDecoder();
	}

	#closeDecoder(): void {
		this.#decoder?.close();
		this.#decoder = undefined;
	}
}

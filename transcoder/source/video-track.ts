import type { Frame } from "node-av/lib";
import type { Clock } from "../../core/runtime/clock.ts";
import type { AccessUnit, VideoDepacketizer } from "./access-unit.ts";
import { Av1Depacketizer } from "./av1-depacketizer.ts";
import { H264Depacketizer } from "./h264-depacketizer.ts";
import { JitterBuffer } from "./jitter-buffer.ts";
import type { MediaClock } from "./media-clock.ts";
import type { PictureQueue } from "./picture-queue.ts";
import { PictureRotator, type QuarterTurns } from "./picture-rotator.ts";
import type { RtpPacket } from "./rtp.ts";
import { type DecodedPicture, MAX_PIXELS, type VideoCodec, VideoDecoder } from "./video-decoder.ts";
import { Vp8Depacketizer } from "./vp8-depacketizer.ts";
import { Vp9Depacketizer } from "./vp9-depacketizer.ts";

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

const depacketizers = { VP8: Vp8Depacketizer, H264: H264Depacketizer, VP9: Vp9Depacketizer, AV1: Av1Depacketizer };

interface CodedPicture {
	data: Buffer;
	captureMs: number;
	turns: QuarterTurns;
}

export interface VideoTrackEvents {
	/** A picture can be shown from now on. */
	decoded: (captureMs: number) => void;
	keyframeWanted: () => void;
	/** The decoder was replaced, or a picture refused. */
	trouble: (reason: string) => void;
}

/** One publisher's video from RTP packets to decoded pictures. What goes wrong costs this track its pictures until the next keyframe. */
export class VideoTrack {
	readonly #codec: VideoCodec;
	readonly #ssrc: number;
	readonly #clock: Clock;
	readonly #mediaClock: MediaClock;
	readonly #pictures: PictureQueue;
	readonly #events: VideoTrackEvents;
	readonly #jitter: JitterBuffer<RtpPacket>;
	readonly #depacketizer: VideoDepacketizer;
	readonly #rotator = new PictureRotator();
	/** What the publisher said last: it need not say it with every picture. */
	#turns: QuarterTurns = 0;
	#undecoded: CodedPicture[] = [];
	#decoder: VideoDecoder | undefined;
	/** While the decoder has something to do. */
	#decoding: Promise<void> | undefined;
	/** Until a keyframe comes, pictures are let go; since when. Infinity: nothing can be decoded without one. */
	#frozenSinceMs: number | undefined = Number.POSITIVE_INFINITY;
	#requestedMs = Number.NEGATIVE_INFINITY;
	#closed = false;

	constructor(
		{ codec, ssrc, waitMs }: { codec: VideoCodec; ssrc: number; waitMs: () => number },
		{
			clock,
			mediaClock,
			pictures,
			events,
		}: { clock: Clock; mediaClock: MediaClock; pictures: PictureQueue; events: VideoTrackEvents },
	) {
		this.#codec = codec;
		this.#ssrc = ssrc;
		this.#jitter = new JitterBuffer({ waitMs });
		this.#clock = clock;
		this.#mediaClock = mediaClock;
		this.#pictures = pictures;
		this.#events = events;
		this.#depacketizer = new depacketizers[codec]();
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
			if (packet.orientation !== undefined) this.#turns = (packet.orientation & 3) as QuarterTurns;
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

	/** Resolves when all that was pushed so far, and can be decoded, is. */
	async decoded(): Promise<void> {
		await this.#decoding;
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
		if (size && !isPicture(size)) {
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
		const captureMs = this.#mediaClock.captureMs(this.#ssrc, rtpTimestamp);
		this.#undecoded.push({ data, captureMs, turns: this.#turns });
		this.#decoding ??= this.#decodeAll();
	}

	/** The only user of the decoder, and the one that closes it: libav's calls must not overlap. */
	async #decodeAll(): Promise<void> {
		for (let unit = this.#undecoded.shift(); unit; unit = this.#undecoded.shift()) {
			try {
				this.#decoder ??= await VideoDecoder.open(this.#codec);
				const pictures = await this.#decoder.decode(unit.data, unit.captureMs);
				if (pictures.some(({ damaged }) => damaged)) this.#requestKeyframe(this.#clock.now());
				await this.#show(pictures, unit.turns);
			} catch (error) {
				this.#closeDecoder();
				this.#undecoded = [];
				this.#freeze(Number.POSITIVE_INFINITY);
				this.#events.trouble((error as Error).message);
			}
		}
		this.#decoding = undefined;
		if (this.#closed) this.#closeDecoder();
	}

	/** Of spatial layers, which are the same picture, the last one alone: the highest. */
	async #show(pictures: DecodedPicture[], turns: QuarterTurns): Promise<void> {
		const shown = pictures.filter(({ captureMs }, index) => pictures[index + 1]?.captureMs !== captureMs);
		for (const picture of pictures) if (!shown.includes(picture)) picture.frame.free();
		try {
			for (let picture = shown.shift(); picture; picture = shown.shift()) {
				this.#push(await this.#rotator.upright(picture.frame, turns), picture.captureMs);
			}
		} finally {
			for (const { frame } of shown) frame.free();
		}
	}

	#push(frame: Frame, captureMs: number): void {
		if (this.#closed) frame.free();
		else {
			this.#pictures.push({ frame, captureMs });
			this.#events.decoded(captureMs);
		}
	}

	#closeDecoder(): void {
		this.#rotator.close();
		this.#decoder?.close();
		this.#decoder = undefined;
	}
}

function isPicture({ width, height }: { width: number; height: number }): boolean {
	const [least, most] = [Math.min(width, height), Math.max(width, height)];
	return least >= MIN_SIDE && most <= MAX_SIDE && width * height <= MAX_PIXELS;
}

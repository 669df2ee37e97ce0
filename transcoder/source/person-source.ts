import type { Logger } from "pino";
import type { Loudness } from "../../core/protocol/bus-topics.ts";
import { type FeedRequest, type FeedTrack, feedDescriptionSchema } from "../../core/protocol/feed.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { type Answered, IngestConnection } from "../ingest-connection.ts";
import { audioLevel } from "./audio-level.ts";
import { MediaClock } from "./media-clock.ts";
import { PictureQueue, type SourcePicture } from "./picture-queue.ts";
import { MIN_PLAYOUT_DELAY_MS, PlayoutDelay } from "./playout-delay.ts";
import { parseSenderReports, pictureLossIndication } from "./rtcp.ts";
import { isRtcp, parseRtp } from "./rtp.ts";
import { SoundRing } from "./sound-ring.ts";
import { SoundTrack } from "./sound-track.ts";
import { VideoTrack } from "./video-track.ts";

/** RTCP waits for nothing: what ingest does not take now is let go. */
const MAX_WAITING_RTCP_BYTES = 16 * 1024;

/**
 * One person on air: pulls their feed for as long as it lives, and has their pictures and sound by capture time, whatever
 * the feed does.
 */
export class PersonSource {
	readonly #request: FeedRequest;
	readonly #log: Logger;
	readonly #clock: Clock;
	readonly #feed: IngestConnection;
	readonly #pictures = new PictureQueue();
	readonly #ring = new SoundRing();
	readonly #playout = new PlayoutDelay();
	#mediaClock = new MediaClock([]);
	#tracks = new Map<number, VideoTrack | SoundTrack>();
	/** Sum of the squares of that many samples mixed since the loudness was last asked for. */
	#energy = 0;
	#samples = 0;
	#lastTrouble: string | undefined;

	constructor(
		{ feedPath, request }: { feedPath: string; request: FeedRequest },
		{ log, clock }: { log: Logger; clock: Clock },
	) {
		this.#log = log.child({ component: "source", personId: request.personId, source: request.source });
		this.#request = request;
		this.#clock = clock;
		this.#feed = new IngestConnection(
			{ feedPath, request, maxWaitingBytes: MAX_WAITING_RTCP_BYTES },
			{
				log: this.#log,
				events: {
					answered: (answer) => this.#answered(answer),
					packet: (packet) => this.#take(packet),
					lost: () => {
						this.#log.info("feed lost");
						this.#endTracks();
					},
				},
			},
		);
	}

	/** The newest picture captured until then. Valid until the next call. */
	pictureAt(captureMs: number): SourcePicture | undefined {
		return this.#pictures.at(captureMs);
	}

	/** Adds the sound captured from sample `position` on (48 kHz since the Unix epoch) to `mix`, interleaved stereo. */
	addSound(mix: Float32Array, position: number): void {
		this.#energy += this.#ring.addTo(mix, position);
		this.#samples += mix.length;
	}

	/** How loud it was since it was last asked. */
	takeLoudness(): Loudness {
		const level = audioLevel(this.#energy / this.#samples);
		this.#energy = 0;
		this.#samples = 0;
		return { personId: this.#request.personId, source: this.#request.source, level };
	}

	/** Once for every tick. */
	tick(): void {
		const nowMs = this.#clock.now();
		this.#playout.move(nowMs);
		this.#shift();
		for (const track of this.#tracks.values()) track.tick(nowMs);
	}

	close(): void {
		this.#feed.close();
		this.#endTracks();
		this.#pictures.close();
	}

	#answered(answer: unknown): Answered {
		const { data, success } = feedDescriptionSchema.safeParse(answer);
		if (!success) this.#log.warn("ingest's description of a feed cannot be read");
		else if ("redirect" in data) return data;
		else if ("tracks" in data) return { begin: () => this.#begin(data.tracks) };
		else this.#log.debug(data, "no feed yet");
		return "refused";
	}

	#begin(tracks: FeedTrack[]): void {
		this.#log.info({ tracks: tracks.map(({ codec }) => codec) }, "feed begins");
		this.#endTracks();
		this.#mediaClock = new MediaClock(tracks);
		this.#shift();
		for (const { codec, ssrc } of tracks) {
			if (!this.#tracks.has(ssrc)) this.#tracks.set(ssrc, this.#createTrack(codec, ssrc));
		}
	}

	/** The programme shows everybody by the least delay; what waits longer is told to have been captured later. */
	#shift(): void {
		this.#mediaClock.shiftMs = this.#playout.delayMs - MIN_PLAYOUT_DELAY_MS;
	}

	#createTrack(codec: FeedTrack["codec"], ssrc: number): VideoTrack | SoundTrack {
		const mediaClock = this.#mediaClock;
		if (codec === "opus") {
			const muted = (muted: boolean) =>
				this.#log.warn({ codec }, muted ? "sound is broken and not heard" : "sound is heard again");
			return new SoundTrack(
				{ ssrc, waitMs: () => this.#playout.soundWaitMs },
				{ mediaClock, ring: this.#ring, events: { muted } },
			);
		}
		const track = new VideoTrack(
			{ codec, ssrc, waitMs: () => this.#playout.videoWaitMs },
			{
				clock: this.#clock,
				mediaClock,
				pictures: this.#pictures,
				events: {
					decoded: (captureMs) => this.#playout.ready("video", captureMs - mediaClock.shiftMs, this.#clock.now()),
					keyframeWanted: () => this.#feed.send([pictureLossIndication(ssrc)]),
					trouble: (reason) => this.#logTrouble(codec, reason),
				},
			},
		);
		track.tick(this.#clock.now()); // asks for the first keyframe
		return track;
	}

	#take(packet: Buffer): void {
		if (isRtcp(packet)) {
			for (const report of parseSenderReports(packet)) this.#mediaClock.report(report);
			return;
		}
		const rtp = parseRtp(packet);
		const track = rtp && this.#tracks.get(rtp.ssrc);
		if (!rtp || !track) return;
		const nowMs = this.#clock.now();
		const { shiftMs } = this.#mediaClock;
		this.#mediaClock.arrived(rtp.ssrc, rtp.timestamp, nowMs);
		if (track instanceof SoundTrack)
			this.#playout.ready("audio", this.#mediaClock.captureMs(rtp.ssrc, rtp.timestamp) - shiftMs, nowMs);
		track.push(rtp, nowMs);
	}

	/** Once for each kind of trouble in a row: a broken publisher has it with every keyframe. */
	#logTrouble(codec: string, reason: string): void {
		if (reason !== this.#lastTrouble)
			this.#log.warn({ codec, reason }, "video cannot be decoded; waiting for a keyframe");
		this.#lastTrouble = reason;
	}

	#endTracks(): void {
		for (const track of this.#tracks.values()) track.close();
		this.#tracks.clear();
	}
}

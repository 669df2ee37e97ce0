import type { Logger } from "pino";
import type { FeedTrack } from "../../core/protocol/feed.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { FeedConnection } from "./feed-connection.ts";
import { MediaClock } from "./media-clock.ts";
import { PictureQueue, type SourcePicture } from "./picture-queue.ts";
import { parseSenderReports, pictureLossIndication } from "./rtcp.ts";
import { isRtcp, parseRtp } from "./rtp.ts";
import { SoundRing } from "./sound-ring.ts";
import { SoundTrack } from "./sound-track.ts";
import { VideoTrack } from "./video-track.ts";

/**
 * One person on air: pulls their feed for as long as it lives, and has their pictures and sound by capture time, whatever
 * the feed does.
 */
export class PersonSource {
	readonly #log: Logger;
	readonly #clock: Clock;
	readonly #feed: FeedConnection;
	readonly #pictures = new PictureQueue();
	readonly #ring = new SoundRing();
	#mediaClock = new MediaClock([]);
	#tracks = new Map<number, VideoTrack | SoundTrack>();
	#lastTrouble: string | undefined;

	constructor(
		{ feedPath, webinarId, personId }: { feedPath: string; webinarId: string; personId: string },
		{ log, clock }: { log: Logger; clock: Clock },
	) {
		this.#log = log.child({ component: "source", personId });
		this.#clock = clock;
		this.#feed = new FeedConnection(
			{ feedPath, request: { webinarId, personId } },
			{
				log: this.#log,
				events: {
					described: (tracks) => this.#begin(tracks),
					packet: (packet) => this.#take(packet),
					lost: () => this.#endTracks(),
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
		this.#ring.addTo(mix, position);
	}

	/** Once for every tick. */
	tick(): void {
		const nowMs = this.#clock.now();
		for (const track of this.#tracks.values()) track.tick(nowMs);
	}

	close(): void {
		this.#feed.close();
		this.#endTracks();
		this.#pictures.close();
	}

	#begin(tracks: FeedTrack[]): void {
		this.#endTracks();
		this.#mediaClock = new MediaClock(tracks);
		for (const { codec, ssrc } of tracks) {
			if (!this.#tracks.has(ssrc)) this.#tracks.set(ssrc, this.#createTrack(codec, ssrc));
		}
	}

	#createTrack(codec: FeedTrack["codec"], ssrc: number): VideoTrack | SoundTrack {
		const mediaClock = this.#mediaClock;
		if (codec === "opus") return new SoundTrack({ ssrc }, { mediaClock, ring: this.#ring });
		const track = new VideoTrack(
			{ codec, ssrc },
			{
				clock: this.#clock,
				mediaClock,
				pictures: this.#pictures,
				events: {
					keyframeWanted: () => this.#feed.send(pictureLossIndication(ssrc)),
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
		this.#mediaClock.arrived(rtp.ssrc, rtp.timestamp, nowMs);
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

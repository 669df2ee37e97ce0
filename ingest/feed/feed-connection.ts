import type { Socket } from "node:net";
import { systemClock } from "../../core/runtime/clock.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { readRtcp } from "../rtp/rtcp-read.ts";
import type { Publisher } from "../sfu/publisher.ts";
import type { PublisherTrack } from "../sfu/track-layer.ts";
import { answerFrame } from "./feed-request.ts";
import { FeedTrack } from "./feed-track.ts";

/** How long to wait for a second track once there could be a first. */
const TRACKS_GRACE_MS = 1_000;
/** How soon a layer that has gone silent is left, and a better one that has come is taken. */
const LAYER_CHECK_MS = 100;
/** A client this far behind gets no more: it comes back and begins at now. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;

/** One transcoder's pull of one publisher (core/protocol/feed.ts says what passes). */
export class FeedConnection {
	readonly #socket: Socket;
	readonly #log: Logger;
	readonly #publisher: Publisher;
	readonly #grace: NodeJS.Timeout;
	/** How many tracks make a description: all that were agreed, and any once the grace is over. */
	#enough: number;
	/** What was described; undefined until then. */
	#tracks: FeedTrack[] | undefined;
	#layerCheck: NodeJS.Timeout | undefined;

	constructor(socket: Socket, publisher: Publisher, log: Logger) {
		this.#socket = socket;
		this.#log = log;
		this.#publisher = publisher;
		this.#enough = publisher.media.length;
		this.#grace = setTimeout(() => {
			this.#enough = 1;
			this.#describe();
		}, TRACKS_GRACE_MS);
		socket.on("close", () => this.#release());
		publisher.on("tracks", this.#onTracks);
		publisher.on("closed", this.#onPublisherClosed);
		this.#describe();
	}

	onRtcp(packet: Buffer): void {
		for (const message of readRtcp(packet)) {
			if (message.type !== "keyframe-request") continue;
			this.#tracks?.find(({ description }) => description.ssrc === message.mediaSsrc)?.requestKeyframe();
		}
	}

	readonly #onTracks = () => {
		if (!this.#tracks) this.#describe();
		else if (this.#isAsDescribed()) this.#chooseLayers();
		else this.#end("tracks changed");
	};

	readonly #onPublisherClosed = () => this.#end("publisher gone");

	/** Codec and SSRC are known by the first packet of a track, so tracks that have none yet are waited for. */
	#describe(): void {
		const tracks = this.#flowing();
		if (this.#tracks || tracks.length < this.#enough) return;
		clearTimeout(this.#grace);
		const parts = {
			write: (framed: Buffer) => this.#write(framed),
			onCodecChanged: () => this.#end("codec changed"),
			clock: systemClock,
		};
		this.#tracks = tracks.map((track) => new FeedTrack(track, parts));
		this.#write(answerFrame({ tracks: this.#tracks.map(({ description }) => description) }));
		for (const track of this.#tracks) track.begin();
		this.#layerCheck = setInterval(() => this.#chooseLayers(), LAYER_CHECK_MS);
	}

	#flowing(): PublisherTrack[] {
		return this.#publisher.tracks.filter(({ layers }) => layers.length > 0);
	}

	#isAsDescribed(): boolean {
		const flowing = this.#flowing();
		return flowing.length === this.#tracks?.length && this.#tracks.every(({ track }) => flowing.includes(track));
	}

	#chooseLayers(): void {
		for (const track of this.#tracks ?? []) track.chooseLayer();
	}

	#write(framed: Buffer): void {
		if (this.#socket.writableEnded || this.#socket.destroyed) return;
		this.#socket.write(framed);
		if (this.#socket.writableLength <= MAX_UNSENT_BYTES) return;
		this.#log.warn({ unsentBytes: this.#socket.writableLength }, "a feed client does not keep up");
		this.#release();
		this.#socket.destroy();
	}

	#end(reason: string): void {
		this.#log.info({ reason }, "feed ended");
		this.#release();
		this.#socket.end();
	}

	#release(): void {
		clearTimeout(this.#grace);
		this.#publisher.off("tracks", this.#onTracks);
		this.#publisher.off("closed", this.#onPublisherClosed);
		clearInterval(this.#layerCheck);
		for (const track of this.#tracks ?? []) track.close();
	}
}

import type { Socket } from "node:net";
import { type FeedDescription, type FeedRequest, feedRequestSchema } from "../../core/protocol/feed.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { readRtcp } from "../rtp/rtcp-read.ts";
import type { Publisher } from "../sfu/publisher.ts";
import type { PublisherTrack, TrackConsumer, TrackPacket, TrackReport } from "../sfu/publisher-track.ts";
import { FrameReader, frame } from "./framing.ts";

/** How long to wait for a second track once there could be a first. */
const TRACKS_GRACE_MS = 1_000;
const REQUEST_DEADLINE_MS = 5_000;
/** A client this far behind gets no more: it comes back and begins at now. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;

/** One transcoder's pull of one publisher (core/protocol/feed.ts says what passes). */
export class FeedConnection implements TrackConsumer {
	readonly #socket: Socket;
	readonly #find: (request: FeedRequest) => Publisher | undefined;
	readonly #log: Logger;
	readonly #reader = new FrameReader();
	#deadline: NodeJS.Timeout;
	#publisher: Publisher | undefined;
	/** How many tracks make a description: all that were agreed, and any once the grace is over. */
	#enough = 1;
	/** What was described, by SSRC; undefined until then. */
	#tracks: Map<number, { track: PublisherTrack; payloadType: number }> | undefined;

	constructor(socket: Socket, find: (request: FeedRequest) => Publisher | undefined, log: Logger) {
		this.#socket = socket;
		this.#find = find;
		this.#log = log;
		this.#deadline = setTimeout(() => this.#refuse("bad-request"), REQUEST_DEADLINE_MS);
		socket.on("data", (chunk) => this.#onData(chunk));
		socket.on("error", (err) => log.debug({ err }, "feed socket"));
		socket.on("end", () => socket.end());
		socket.on("close", () => this.#release());
	}

	onPacket({ packet }: TrackPacket): void {
		const described = this.#tracks?.get(packet.readUInt32BE(8));
		if (described && described.payloadType !== (packet.readUInt8(1) & 0x7f)) this.#end("codec changed");
		else this.#write(packet);
	}

	onReport({ bytes }: TrackReport): void {
		this.#write(bytes);
	}

	close(): void {
		this.#release();
		this.#socket.destroy();
	}

	#onData(chunk: Buffer): void {
		for (const packet of this.#reader.push(chunk)) {
			if (this.#publisher) this.#onRtcp(packet);
			else if (!this.#socket.writableEnded) this.#onRequest(packet);
		}
	}

	#onRequest(packet: Buffer): void {
		clearTimeout(this.#deadline);
		const request = parseRequest(packet);
		const publisher = request && this.#find(request);
		if (!publisher) {
			this.#refuse(request ? "no-publisher" : "bad-request");
			return;
		}
		this.#publisher = publisher;
		publisher.on("tracks", this.#onTracks);
		publisher.on("closed", this.#onPublisherClosed);
		this.#enough = publisher.media.length;
		this.#deadline = setTimeout(() => {
			this.#enough = 1;
			this.#describe();
		}, TRACKS_GRACE_MS);
		this.#describe();
	}

	readonly #onTracks = () => {
		if (this.#tracks) this.#end("tracks changed");
		else this.#describe();
	};

	readonly #onPublisherClosed = () => this.#end("publisher gone");

	/** Codec and SSRC are known by the first packet of a track, so tracks that have none yet are waited for. */
	#describe(): void {
		const tracks = this.#publisher?.tracks ?? [];
		if (this.#tracks || tracks.length < this.#enough) return;
		clearTimeout(this.#deadline);
		const description = tracks.map(({ kind, codec: { codec, payloadType, clockRate }, ssrc }) => ({
			kind,
			codec,
			payloadType,
			clockRate,
			ssrc,
		}));
		this.#say({ tracks: description });
		this.#tracks = new Map(tracks.map((track) => [track.ssrc, { track, payloadType: track.codec.payloadType }]));
		for (const track of tracks) {
			if (track.lastReport) this.#write(track.lastReport.bytes);
			track.add(this);
			track.requestKeyframe();
		}
	}

	#onRtcp(packet: Buffer): void {
		for (const message of readRtcp(packet)) {
			if (message.type === "keyframe-request") this.#tracks?.get(message.mediaSsrc)?.track.requestKeyframe();
		}
	}

	#refuse(error: "bad-request" | "no-publisher"): void {
		this.#say({ error });
		this.#socket.end();
	}

	#say(description: FeedDescription): void {
		this.#write(Buffer.from(JSON.stringify(description)));
	}

	#write(packet: Buffer): void {
		if (this.#socket.writableEnded || this.#socket.destroyed) return;
		this.#socket.write(frame(packet));
		if (this.#socket.writableLength <= MAX_UNSENT_BYTES) return;
		this.#log.warn({ unsentBytes: this.#socket.writableLength }, "a feed client does not keep up");
		this.close();
	}

	#end(reason: string): void {
		this.#log.info({ reason }, "feed ended");
		this.#release();
		this.#socket.end();
	}

	#release(): void {
		clearTimeout(this.#deadline);
		this.#publisher?.off("tracks", this.#onTracks);
		this.#publisher?.off("closed", this.#onPublisherClosed);
		for (const { track } of this.#tracks?.values() ?? []) track.remove(this);
		this.#tracks?.clear();
	}
}

function parseRequest(packet: Buffer): FeedRequest | undefined {
	try {
		return feedRequestSchema.safeParse(JSON.parse(packet.toString("utf8"))).data;
	} catch {
		return undefined;
	}
}

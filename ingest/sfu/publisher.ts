import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import type { MediaSource } from "../../core/protocol/stage.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { PublisherTime } from "../rtp/publisher-time.ts";
import { RoundTrip } from "../rtp/round-trip.ts";
import { readRtcp } from "../rtp/rtcp-read.ts";
import { extensionStart, findExtension, rtpHeaderLength, timestampOf } from "../rtp/rtp-packet.ts";
import { unwrapRtx } from "../rtp/rtx.ts";
import { type DemuxedStream, StreamDemux } from "../rtp/stream-demux.ts";
import type { MediaKind } from "../sdp/codecs.ts";
import type { PublishedMedia } from "../sdp/session-media.ts";
import type { MediaConnectionListener } from "../transport/media-connection.ts";
import { isOurs, PublisherFeedback } from "./publisher-feedback.ts";
import type { PublisherFigures } from "./publisher-figures.ts";
import type { PublisherLayer } from "./publisher-layer.ts";
import { LayeredTrack } from "./publisher-track.ts";

interface PublisherEvents {
	connected: [];
	/** A track came, or a layer's codec or SSRC changed. A further layer of a track is no change. */
	tracks: [];
	/** RFC 6464: 0 is loudest, 127 silence. `mediaMs`: when that was, on the publisher's clock. */
	level: [level: number, mediaMs: number];
	closed: [reason: string];
}

/** The part of a connection that a publisher uses. */
export interface PublisherConnection {
	readonly connected: boolean;
	sendRtcp(packet: Buffer): void;
	close(): void;
}

/** How the connection under a session is made: ICE and the rest begin at once. */
type Connect = (listener: MediaConnectionListener) => PublisherConnection;

/** How often layers are put in order anew, where only their bitrates tell. */
const ORDER_INTERVAL_MS = 500;

/** A person's WHIP session: their tracks, and the RTCP they need from us. */
export class Publisher extends EventEmitter<PublisherEvents> {
	readonly webinarId: string;
	readonly personId: string;
	readonly session: string;
	readonly source: MediaSource;
	/** Names this state of the session's ICE (RFC 9725 section 4.3.1). */
	readonly etag = randomUUID();
	readonly connection: PublisherConnection;
	readonly media: PublishedMedia[];
	readonly #clock: Clock;
	readonly #demux: StreamDemux;
	readonly #feedback: PublisherFeedback;
	readonly #roundTrip = new RoundTrip();
	readonly #time = new PublisherTime();
	/** By m= line. */
	readonly #tracks: (LayeredTrack | undefined)[] = [];
	/** Of all tracks. */
	#layers: PublisherLayer[] = [];
	#tracksChanged = false;
	#levels = false;
	#nextOrderMs = 0;
	#packets = 0;
	#closed = false;

	constructor(
		options: {
			webinarId: string;
			personId: string;
			session: string;
			source: MediaSource;
			media: PublishedMedia[];
			connect: Connect;
		},
		{ clock }: { clock: Clock },
	) {
		super();
		this.webinarId = options.webinarId;
		this.personId = options.personId;
		this.session = options.session;
		this.source = options.source;
		this.media = options.media;
		this.#clock = clock;
		this.#demux = new StreamDemux(options.media);
		this.#feedback = new PublisherFeedback(options.media, this.#roundTrip);
		this.connection = options.connect({
			onConnected: () => this.emit("connected"),
			onRtp: (packet) => this.#onRtp(packet),
			onRtcp: (packet) => this.#onRtcp(packet),
			onClosed: (reason) => this.close(reason),
		});
	}

	get connected(): boolean {
		return this.connection.connected;
	}

	/** RTP packets of its tracks so far, retransmissions and probes of the bandwidth included. */
	get packets(): number {
		return this.#packets;
	}

	/** Those that carried a packet yet. */
	get tracks(): LayeredTrack[] {
		return this.#tracks.filter((track) => track !== undefined);
	}

	track(kind: MediaKind): LayeredTrack | undefined {
		for (const track of this.#tracks) if (track?.kind === kind) return track;
		return undefined;
	}

	has(kind: MediaKind): boolean {
		return this.media.some((media) => media.kind === kind);
	}

	/** Whether it says how loud it is; else only its decoded sound does. */
	hasLevels(): boolean {
		return this.#levels;
	}

	/** Sends what is due; called every few milliseconds. */
	tick(): void {
		if (this.#tracksChanged) {
			this.#tracksChanged = false;
			this.emit("tracks");
		}
		if (!this.connected) return;
		const now = this.#clock.now();
		for (const packet of this.#feedback.due(this.#layers, now)) this.connection.sendRtcp(packet);
		if (now < this.#nextOrderMs) return;
		this.#nextOrderMs = now + ORDER_INTERVAL_MS;
		for (const track of this.#tracks) track?.order();
	}

	figures(): PublisherFigures {
		return {
			rttMs: this.#roundTrip.measuredMs,
			tracks: this.tracks.map(({ kind, layers }) => ({ kind, layers: layers.map((layer) => layer.figures()) })),
		};
	}

	close(reason: string): void {
		if (this.#closed) return;
		this.#closed = true;
		this.connection.close();
		this.emit("closed", reason);
		this.removeAllListeners();
	}

	#onRtp(packet: Buffer): void {
		if (this.#closed || rtpHeaderLength(packet) < 0) return;
		const now = this.#clock.now();
		this.#feedback.onPacket(packet, now);
		const stream = this.#demux.find(packet, now);
		if (!stream) return;
		this.#packets++;
		if (stream.repair) this.#onRepair(packet, stream, now);
		else this.#onMedia(packet, stream, now);
	}

	#onMedia(packet: Buffer, stream: DemuxedStream, nowMs: number): void {
		const { line, encoding, ssrc } = stream;
		const track = this.#tracks[line] ?? this.#beginTrack(line);
		const codec = track?.codecOf(packet);
		if (!track || !codec) return;
		let layer = track.layer(encoding);
		if (layer?.ssrc !== ssrc) layer = this.#beginLayer(track, stream, packet);
		const before = layer?.codec;
		if (layer?.receive(packet, codec, false, nowMs) === false) {
			layer = this.#beginLayer(track, stream, packet);
			layer?.receive(packet, codec, false, nowMs);
		}
		// Told with the next tick: a sender that changes it with each packet is not worth more.
		else if (layer?.codec !== before) this.#tracksChanged = true;
		this.#onLevel(packet, track);
	}

	#onRepair(packet: Buffer, { line, encoding }: DemuxedStream, nowMs: number): void {
		const track = this.#tracks[line];
		const layer = track?.layer(encoding);
		const codec = track?.repairedCodecOf(packet);
		if (!layer || !codec) return;
		const original = unwrapRtx(packet, codec.payloadType, layer.ssrc);
		if (original) layer.receive(original, codec, true, nowMs);
	}

	#onLevel(packet: Buffer, { kind, clockRate, extensions: { audioLevel } }: LayeredTrack): void {
		if (kind !== "audio" || audioLevel === undefined) return;
		const found = findExtension(packet, audioLevel);
		if (found < 0) return;
		this.#levels = true;
		const level = packet[extensionStart(found)];
		if (level !== undefined) this.emit("level", level & 0x7f, (timestampOf(packet) * 1000) / clockRate);
	}

	#beginTrack(line: number): LayeredTrack | undefined {
		const media = this.media[line];
		if (!media) return undefined;
		const track = new LayeredTrack(media, { clock: this.#clock, roundTrip: this.#roundTrip, time: this.#time });
		this.#tracks[line] = track;
		return track;
	}

	#beginLayer(track: LayeredTrack, { encoding, ssrc }: DemuxedStream, packet: Buffer): PublisherLayer | undefined {
		const codec = track.codecOf(packet);
		if (!codec) return undefined;
		const changed = track.layers.length === 0 || track.layer(encoding) !== undefined;
		const layer = track.begin(encoding, ssrc, codec);
		this.#layers = this.tracks.flatMap(({ layers }) => layers);
		if (changed) this.emit("tracks");
		return layer;
	}

	#onRtcp(compound: Buffer): void {
		if (this.#closed) return;
		for (const message of readRtcp(compound)) {
			if (message.type === "sender-report") {
				this.#layers.find(({ ssrc }) => ssrc === message.ssrc)?.onReport(message);
			} else if (message.type === "receiver-reference-answer" && isOurs(message.receiverSsrc)) {
				this.#roundTrip.onAnswer(message.lastReference, message.delay, this.#clock.now());
			}
		}
	}
}

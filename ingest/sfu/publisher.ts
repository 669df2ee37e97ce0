import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Clock } from "../../core/runtime/clock.ts";
import { readRtcp } from "../rtp/rtcp-read.ts";
import {
	genericNack,
	pictureLossIndication,
	type ReportBlock,
	receiverEstimatedBitrate,
	receiverReport,
	sourceDescription,
} from "../rtp/rtcp-write.ts";
import { headerExtension, payloadTypeOf, ssrcOf } from "../rtp/rtp-packet.ts";
import type { AgreedCodec, MediaKind } from "../sdp/codecs.ts";
import type { MediaConnection, MediaConnectionListener } from "../transport/media-connection.ts";
import { PublisherTrack } from "./publisher-track.ts";

/** One m= line of a WHIP session, as it was agreed. */
export interface PublishedMedia {
	kind: MediaKind;
	codecs: AgreedCodec[];
	/** The id of the audio level header extension (RFC 6464), where agreed. */
	audioLevelId: number | undefined;
}

interface PublisherEvents {
	connected: [];
	/** A track came, or another took its place. */
	tracks: [];
	/** RFC 6464: 0 is loudest, 127 silence. */
	level: [level: number];
	closed: [reason: string];
}

/** How the connection under a session is made: ICE and the rest begin at once. */
export type Connect = (listener: MediaConnectionListener) => MediaConnection;

const REPORT_INTERVAL_MS = 1_000;
/** What we let a publisher send. Without an estimate from us Chromium would stay near its 300 kbit/s start. */
const MAX_PUBLISHER_BITRATE = 3_000_000;
/** A new SSRC takes a track over only after the old one was silent, so that two cannot fight. */
const SSRC_TAKEOVER_MS = 1_000;
/** Our SSRC in RTCP about media we only receive. */
const LOCAL_SSRC = 1;

/** A person's WHIP session: their tracks, and the RTCP they need from us. */
export class Publisher extends EventEmitter<PublisherEvents> {
	readonly webinarId: string;
	readonly personId: string;
	readonly session: string;
	/** Names this state of the session's ICE (RFC 9725 section 4.3.1). */
	readonly etag = randomUUID();
	readonly connection: MediaConnection;
	readonly media: PublishedMedia[];
	readonly #clock: Clock;
	readonly #tracks = new Map<MediaKind, PublisherTrack>();
	readonly #mediaByPayloadType = new Map<number, PublishedMedia>();
	#nextReportMs = 0;
	#packets = 0;
	#closed = false;

	constructor(
		options: { webinarId: string; personId: string; session: string; media: PublishedMedia[]; connect: Connect },
		{ clock }: { clock: Clock },
	) {
		super();
		this.webinarId = options.webinarId;
		this.personId = options.personId;
		this.session = options.session;
		this.media = options.media;
		this.#clock = clock;
		for (const media of options.media) {
			for (const { payloadType } of media.codecs) this.#mediaByPayloadType.set(payloadType, media);
		}
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

	/** RTP packets received so far. */
	get packets(): number {
		return this.#packets;
	}

	/** Those that carried a packet yet. */
	get tracks(): PublisherTrack[] {
		return [...this.#tracks.values()];
	}

	track(kind: MediaKind): PublisherTrack | undefined {
		return this.#tracks.get(kind);
	}

	has(kind: MediaKind): boolean {
		return this.media.some((media) => media.kind === kind);
	}

	/** Sends what is due; called every few milliseconds. */
	tick(): void {
		if (!this.connected) return;
		const feedback: Buffer[] = [];
		for (const track of this.#tracks.values()) {
			const losses = track.lossesDue();
			if (losses.length > 0) feedback.push(genericNack(LOCAL_SSRC, track.ssrc, losses));
			if (track.keyframeDue()) feedback.push(pictureLossIndication(LOCAL_SSRC, track.ssrc));
		}
		const now = this.#clock.now();
		if (now >= this.#nextReportMs) {
			this.#nextReportMs = now + REPORT_INTERVAL_MS;
			this.#send(this.#reportBlocks(), [...this.#bitrate(), ...feedback]);
		} else if (feedback.length > 0) this.#send([], feedback);
	}

	close(reason: string): void {
		if (this.#closed) return;
		this.#closed = true;
		this.connection.close();
		this.emit("closed", reason);
		this.removeAllListeners();
	}

	#reportBlocks(): ReportBlock[] {
		return this.tracks.flatMap((track) => track.reportBlock() ?? []);
	}

	#bitrate(): Buffer[] {
		const ssrcs = this.tracks.filter(({ codec }) => codec.feedback.includes("goog-remb")).map(({ ssrc }) => ssrc);
		return ssrcs.length > 0 ? [receiverEstimatedBitrate(LOCAL_SSRC, MAX_PUBLISHER_BITRATE, ssrcs)] : [];
	}

	#send(blocks: ReportBlock[], rest: Buffer[]): void {
		const packets = [receiverReport(LOCAL_SSRC, blocks), sourceDescription(LOCAL_SSRC, "rostrum"), ...rest];
		this.connection.sendRtcp(Buffer.concat(packets));
	}

	#onRtp(packet: Buffer): void {
		const media = this.#mediaByPayloadType.get(payloadTypeOf(packet));
		if (!media) return;
		const track = this.#trackFor(media, packet);
		if (!track) return;
		this.#packets++;
		track.receive(packet);
		if (media.audioLevelId === undefined) return;
		const level = headerExtension(packet, media.audioLevelId)?.[0];
		if (level !== undefined) this.emit("level", level & 0x7f);
	}

	#trackFor(media: PublishedMedia, packet: Buffer): PublisherTrack | undefined {
		const ssrc = ssrcOf(packet);
		const current = this.#tracks.get(media.kind);
		if (current?.ssrc === ssrc) return current;
		if (current && this.#clock.now() - current.lastPacketMs < SSRC_TAKEOVER_MS) return undefined;
		const first = media.codecs.find(({ payloadType }) => payloadType === payloadTypeOf(packet));
		if (!first) return undefined;
		const track = new PublisherTrack({ kind: media.kind, ssrc, codecs: media.codecs, first }, { clock: this.#clock });
		this.#tracks.set(media.kind, track);
		this.emit("tracks");
		return track;
	}

	#onRtcp(compound: Buffer): void {
		for (const message of readRtcp(compound)) {
			if (message.type !== "sender-report") continue;
			this.tracks.find(({ ssrc }) => ssrc === message.ssrc)?.onReport(message);
		}
	}
}

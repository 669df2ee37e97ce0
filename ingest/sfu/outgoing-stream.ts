import { randomInt } from "node:crypto";
import type { Clock } from "../../core/runtime/clock.ts";
import { senderReport, sourceDescription } from "../rtp/rtcp-write.ts";
import { rewriteRtp, rtpHeaderLength, timestampOf } from "../rtp/rtp-packet.ts";
import type { AgreedCodec, CodecName, MediaKind } from "../sdp/codecs.ts";
import { estimateIndex } from "../transport/srtp.ts";
import type { PublisherTrack, TrackConsumer, TrackPacket } from "./publisher-track.ts";

/** The part of a connection that media goes out by. */
export interface MediaSender {
	sendRtp(packet: Buffer): void;
	sendRtcp(packet: Buffer): void;
}

/** The same packet is not sent again sooner: the first copy is still on its way. */
const RESEND_INTERVAL_MS = 30;
const RESEND_MEMORY = 512;
const TIMESTAMP_RANGE = 2 ** 32;

/**
 * One stream to one subscriber that shows one publisher's track after the other: one SSRC, sequence numbers without a
 * step, timestamps that keep going. Video begins at a keyframe.
 */
export class OutgoingStream implements TrackConsumer {
	readonly kind: MediaKind;
	readonly ssrc: number;
	readonly cname: string;
	readonly #payloadTypes: Map<CodecName, number>;
	readonly #clockRate: number;
	readonly #sender: MediaSender;
	readonly #clock: Clock;
	#source: PublisherTrack | undefined;
	/** Index of the source's first packet sent; undefined until then. */
	#base: number | undefined;
	#indexOffset = 0;
	#timestampOffset = 0;
	/** Highest index sent. Starts in the lower half, so that a packet out of order cannot lie before zero. */
	#highest = randomInt(1000, 30_000);
	#lastTimestamp = randomInt(TIMESTAMP_RANGE);
	#lastSentMs: number | undefined;
	#packets = 0;
	#octets = 0;
	#resends = new Array<{ index: number; atMs: number } | undefined>(RESEND_MEMORY);

	constructor(
		{
			kind,
			ssrc,
			cname,
			codecs,
			sender,
		}: { kind: MediaKind; ssrc: number; cname: string; codecs: AgreedCodec[]; sender: MediaSender },
		{ clock }: { clock: Clock },
	) {
		this.kind = kind;
		this.ssrc = ssrc;
		this.cname = cname;
		this.#payloadTypes = new Map(codecs.map(({ codec, payloadType }) => [codec, payloadType]));
		this.#clockRate = codecs[0]?.clockRate ?? 90_000;
		this.#sender = sender;
		this.#clock = clock;
	}

	/** RTP packets sent so far. */
	get packets(): number {
		return this.#packets;
	}

	get source(): PublisherTrack | undefined {
		return this.#source;
	}

	/** Shows `source` from its next keyframe on; undefined: nothing. */
	attach(source: PublisherTrack | undefined): void {
		if (source === this.#source) return;
		this.#source?.remove(this);
		this.#source = source;
		this.#base = undefined;
		source?.add(this);
		source?.requestKeyframe();
	}

	onPacket({ packet, index, codec, keyframe }: TrackPacket): void {
		const payloadType = this.#payloadTypes.get(codec);
		if (payloadType === undefined) return;
		if (this.#base === undefined) {
			if (!keyframe) return;
			this.#begin(packet, index);
		}
		// What was on its way before the first packet would take sequence numbers of the source before this one.
		if (this.#base === undefined || index < this.#base) return;
		this.#send(packet, index, payloadType);
		if (index + this.#indexOffset > this.#highest) {
			this.#highest = index + this.#indexOffset;
			this.#lastTimestamp = (timestampOf(packet) + this.#timestampOffset) >>> 0;
			this.#lastSentMs = this.#clock.now();
		}
	}

	onReport(): void {
		this.sendReport();
	}

	/** `sequences`: what the subscriber did not get, 16 bits. */
	onNack(sequences: number[]): void {
		const now = this.#clock.now();
		for (const sequence of sequences.slice(0, RESEND_MEMORY)) {
			const outIndex = estimateIndex(sequence, this.#highest);
			const index = outIndex - this.#indexOffset;
			if (this.#base === undefined || index < this.#base || outIndex > this.#highest) continue;
			const slot = outIndex % RESEND_MEMORY;
			const last = this.#resends[slot];
			if (last?.index === outIndex && now - last.atMs < RESEND_INTERVAL_MS) continue;
			const packet = this.#source?.history?.get(index);
			const codec = packet && this.#source?.codecOf(packet)?.codec;
			const payloadType = codec && this.#payloadTypes.get(codec);
			if (!packet || payloadType === undefined) continue;
			this.#resends[slot] = { index: outIndex, atMs: now };
			this.#send(packet, index, payloadType);
		}
	}

	/**
	 * The publisher's mapping of RTP time to its wall clock, carried on to now and into this stream's timestamps: audio and
	 * video of one person stay together, whatever way each took to here. Nothing before the publisher's own first report.
	 */
	sendReport(): void {
		const report = this.#source?.lastReport;
		if (!report || this.#base === undefined) return;
		const elapsedMs = this.#clock.now() - report.receivedAtMs;
		const ntp = report.ntp + (BigInt(Math.round(elapsedMs * 1000)) << 32n) / 1_000_000n;
		const rtpTimestamp = report.rtpTimestamp + this.#timestampOffset + Math.round((elapsedMs * this.#clockRate) / 1000);
		const sr = senderReport({
			ssrc: this.ssrc,
			ntp,
			rtpTimestamp: rtpTimestamp % TIMESTAMP_RANGE,
			packets: this.#packets,
			octets: this.#octets,
		});
		this.#sender.sendRtcp(Buffer.concat([sr, sourceDescription(this.ssrc, this.cname)]));
	}

	#begin(packet: Buffer, index: number): void {
		this.#base = index;
		this.#indexOffset = this.#highest + 1 - index;
		const elapsedMs = this.#lastSentMs === undefined ? 0 : Math.max(1, this.#clock.now() - this.#lastSentMs);
		const timestamp = this.#lastTimestamp + Math.round((elapsedMs * this.#clockRate) / 1000);
		this.#timestampOffset = (timestamp - timestampOf(packet)) % TIMESTAMP_RANGE;
		// The next report tells the receiver how the new source's clock relates to these timestamps.
		queueMicrotask(() => this.sendReport());
	}

	#send(packet: Buffer, index: number, payloadType: number): void {
		const timestamp = (timestampOf(packet) + this.#timestampOffset) >>> 0;
		const sequence = (index + this.#indexOffset) & 0xffff;
		this.#sender.sendRtp(rewriteRtp(packet, { payloadType, sequence, timestamp, ssrc: this.ssrc }));
		this.#packets++;
		this.#octets += packet.length - rtpHeaderLength(packet);
	}
}

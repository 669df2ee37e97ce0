import type { Clock } from "../../core/runtime/clock.ts";
import { startsKeyframe } from "../rtp/keyframe.ts";
import { LossDetector } from "../rtp/loss-detector.ts";
import { PacketHistory } from "../rtp/packet-history.ts";
import { Reception } from "../rtp/reception.ts";
import type { SenderReport } from "../rtp/rtcp-read.ts";
import type { ReportBlock } from "../rtp/rtcp-write.ts";
import { payloadTypeOf, rtpPayload, sequenceOf, timestampOf } from "../rtp/rtp-packet.ts";
import type { AgreedCodec, CodecName, MediaKind } from "../sdp/codecs.ts";
import { estimateIndex } from "../transport/srtp.ts";

/** One packet of a publisher's track. */
export interface TrackPacket {
	/** As the publisher sent it. */
	packet: Buffer;
	/** Extended sequence number: 16 bits of RTP and their rollovers. */
	index: number;
	codec: CodecName;
	/** Decoding can begin here. */
	keyframe: boolean;
}

/** Gets everything of a track it is added to, in order of arrival. */
export interface TrackConsumer {
	onPacket(packet: TrackPacket): void;
	onReport(report: TrackReport): void;
}

/** The publisher's own mapping of its RTP timestamps to its wall clock. */
export interface TrackReport extends SenderReport {
	receivedAtMs: number;
}

const KEYFRAME_REQUEST_INTERVAL_MS = 500;
/** A report further than this from the media is junk: OBS's first one is. */
const MAX_REPORT_DISTANCE_S = 10;

/** One audio or video stream of a publisher, told to all who consume it. */
export class PublisherTrack {
	readonly kind: MediaKind;
	readonly ssrc: number;
	readonly clockRate: number;
	readonly history: PacketHistory | undefined;
	readonly #codecs: Map<number, AgreedCodec>;
	readonly #clock: Clock;
	readonly #consumers = new Set<TrackConsumer>();
	readonly #reception: Reception;
	readonly #losses: LossDetector | undefined;
	#codec: AgreedCodec;
	#highest = -1;
	#highestTimestamp = 0;
	#lastPacketMs: number;
	#lastReport: TrackReport | undefined;
	#keyframeWanted = false;
	#keyframeAskedMs = Number.NEGATIVE_INFINITY;

	constructor(
		{ kind, ssrc, codecs, first }: { kind: MediaKind; ssrc: number; codecs: AgreedCodec[]; first: AgreedCodec },
		{ clock }: { clock: Clock },
	) {
		this.kind = kind;
		this.ssrc = ssrc;
		this.clockRate = first.clockRate;
		this.#codecs = new Map(codecs.map((codec) => [codec.payloadType, codec]));
		this.#codec = first;
		this.#clock = clock;
		this.#lastPacketMs = clock.now();
		this.#reception = new Reception(ssrc, first.clockRate);
		if (first.feedback.includes("nack")) {
			this.#losses = new LossDetector();
			this.history = new PacketHistory();
		}
	}

	/** Of the newest packet. */
	get codec(): AgreedCodec {
		return this.#codec;
	}

	codecOf(packet: Buffer): AgreedCodec | undefined {
		return this.#codecs.get(payloadTypeOf(packet));
	}

	get lastPacketMs(): number {
		return this.#lastPacketMs;
	}

	/** The newest believable sender report. */
	get lastReport(): TrackReport | undefined {
		return this.#lastReport;
	}

	add(consumer: TrackConsumer): void {
		this.#consumers.add(consumer);
	}

	remove(consumer: TrackConsumer): void {
		this.#consumers.delete(consumer);
	}

	/** `packet`: valid RTP of this SSRC and one of its payload types. */
	receive(packet: Buffer): void {
		const codec = this.codecOf(packet);
		const index = estimateIndex(sequenceOf(packet), this.#highest);
		if (!codec || index < 0) return;
		const now = this.#clock.now();
		this.#lastPacketMs = now;
		if (index > this.#highest) {
			this.#highest = index;
			this.#highestTimestamp = timestampOf(packet);
			this.#codec = codec;
		}
		this.#reception.onPacket(index, timestampOf(packet), now);
		if (this.#losses && !this.#losses.onPacket(index, now)) this.requestKeyframe();
		this.history?.store(index, packet);
		const keyframe = startsKeyframe(codec.codec, rtpPayload(packet));
		if (keyframe) this.#keyframeWanted = false;
		for (const consumer of this.#consumers) consumer.onPacket({ packet, index, codec: codec.codec, keyframe });
	}

	onReport(report: SenderReport): void {
		const distance = Math.abs((report.rtpTimestamp - this.#highestTimestamp) | 0);
		if (this.#highest < 0 || distance > MAX_REPORT_DISTANCE_S * this.clockRate || report.ntp === 0n) return;
		const now = this.#clock.now();
		this.#reception.onSenderReport(report.ntp, now);
		this.#lastReport = { ...report, receivedAtMs: now };
		for (const consumer of this.#consumers) consumer.onReport(this.#lastReport);
	}

	/** Asked of the publisher with the next `keyframeDue`, again and again until a keyframe comes. */
	requestKeyframe(): void {
		if (this.kind === "video") this.#keyframeWanted = true;
	}

	/** Whether to ask the publisher for a keyframe now; many who want one get one. */
	keyframeDue(): boolean {
		const now = this.#clock.now();
		if (!this.#keyframeWanted || now - this.#keyframeAskedMs < KEYFRAME_REQUEST_INTERVAL_MS) return false;
		this.#keyframeAskedMs = now;
		return true;
	}

	/** Extended sequence numbers to ask the publisher for again now. */
	lossesDue(): number[] {
		return this.#losses?.due(this.#clock.now()) ?? [];
	}

	reportBlock(): ReportBlock | undefined {
		return this.#reception.block(this.#clock.now());
	}
}

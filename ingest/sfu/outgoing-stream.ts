import { randomInt } from "node:crypto";
import type { Clock } from "../../core/runtime/clock.ts";
import { FreezeCounter } from "../rtp/freeze-counter.ts";
import type { ReportBlock } from "../rtp/rtcp-write.ts";
import { senderReport, sourceDescription } from "../rtp/rtcp-write.ts";
import { rtpHeaderLength, timestampOf } from "../rtp/rtp-packet.ts";
import type { CodecName, MediaKind } from "../sdp/codecs.ts";
import type { SubscribedMedia } from "../sdp/session-media.ts";
import { type ForwardSink, LayerForwarder } from "./layer-forwarder.ts";
import type { MediaSender } from "./media-sender.ts";
import { absSendTime, MAX_ADDED_BYTES, OutgoingHeader } from "./outgoing-header.ts";
import { ResendHistory } from "./resend-history.ts";
import { drawIndex, RetransmissionStream } from "./retransmission-stream.ts";
import type { SentPackets } from "./sent-packets.ts";
import { SentReports } from "./sent-reports.ts";
import type { Segment } from "./stream-segments.ts";
import type { TrackLayer } from "./track-layer.ts";

/** What one outgoing stream has done, and what its receiver says about it. */
export interface StreamFigures {
	packets: number;
	octets: number;
	/** Over the time between the last two reports. */
	bitsPerSecond: number;
	/** 0 to 1, by the last receiver report. */
	lost: number;
	jitterMs: number;
	nacks: number;
	resends: number;
	plis: number;
	layerSwitches: number;
}

const TIMESTAMP_RANGE = 2 ** 32;
/** A subscriber's wishes for a keyframe count no more often: its decoder waits, and asks again by itself. */
const KEYFRAME_REQUEST_INTERVAL_MS = 500;

/** One m= line of a subscriber: one SSRC that shows one layer after the other, and its retransmissions. */
export class OutgoingStream implements ForwardSink {
	readonly kind: MediaKind;
	readonly slot: number;
	readonly ssrc: number;
	readonly #rtx: RetransmissionStream | undefined;
	readonly figures: StreamFigures = {
		packets: 0,
		octets: 0,
		bitsPerSecond: 0,
		lost: 0,
		jitterMs: 0,
		nacks: 0,
		resends: 0,
		plis: 0,
		layerSwitches: 0,
	};
	readonly #media: SubscribedMedia;
	readonly #clockRate: number;
	readonly #sender: MediaSender;
	readonly #sent: SentPackets;
	readonly #clock: Clock;
	readonly #header: OutgoingHeader;
	readonly #forwarder: LayerForwarder;
	readonly #resends: ResendHistory | undefined;
	readonly #reports = new SentReports();
	readonly #freezes = new FreezeCounter();
	#newestIndex = -1;
	#newestTimestamp = -1;
	#octetsBefore = 0;
	#measuredMs: number;
	#keyframeAskedMs = Number.NEGATIVE_INFINITY;

	constructor(
		{ media, sender, sent }: { media: SubscribedMedia; sender: MediaSender; sent: SentPackets },
		{ clock }: { clock: Clock },
	) {
		this.kind = media.kind;
		this.slot = media.slot;
		this.ssrc = media.ssrc;
		this.#media = media;
		this.#clockRate = media.codecs[0]?.clockRate ?? 90_000;
		this.#sender = sender;
		this.#sent = sent;
		this.#clock = clock;
		this.#measuredMs = clock.now();
		this.#header = new OutgoingHeader(media);
		const start = { index: drawIndex(), timestamp: randomInt(TIMESTAMP_RANGE) };
		this.#forwarder = new LayerForwarder({ sink: this, clockRate: this.#clockRate, start }, { clock });
		if (media.rtxSsrc !== undefined)
			this.#rtx = new RetransmissionStream(
				{ media, ssrc: media.rtxSsrc, header: this.#header, sender, sent },
				{ clock },
			);
		const asked = media.codecs.some(({ feedback }) => feedback.includes("nack"));
		if (asked) this.#resends = new ResendHistory();
	}

	/** The layer whose packets are sent. */
	get current(): TrackLayer | undefined {
		return this.#forwarder.current;
	}

	/** The layer it goes to at the next keyframe, else the current one. */
	get target(): TrackLayer | undefined {
		return this.#forwarder.target;
	}

	/** Those sent, video alone. */
	get keyframes(): number {
		return this.kind === "video" ? this.#forwarder.keyframes : 0;
	}

	/** Of the frames as they were sent, video alone. */
	get freezes(): number {
		return this.#freezes.freezes;
	}

	/** Sends `layer` from its next keyframe on, and nothing until then where the path is `overloaded`; undefined: nothing. */
	show(layer: TrackLayer | undefined, overloaded = false): void {
		this.#forwarder.show(layer, overloaded);
	}

	accepts(codec: CodecName): boolean {
		return this.#payloadType(codec) >= 0;
	}

	onForward(packet: Buffer, payloadStart: number, outIndex: number, segment: Segment, codec: CodecName): void {
		const sequence = this.#sent.nextSequence;
		const now = this.#clock.now();
		const sendTime = absSendTime(now);
		if (this.kind === "video") this.#noteFrame(outIndex, timestampOf(packet), now);
		this.#resends?.onSent(outIndex, sequence, sendTime);
		this.#send(packet, payloadStart, outIndex, segment, codec, sequence, sendTime);
	}

	onSwitch(): void {
		this.figures.layerSwitches++;
		// Behind the first packet: it tells the receiver how the new source's clock relates to these timestamps.
		queueMicrotask(() => this.sendReport());
	}

	onReport(): void {
		this.sendReport();
	}

	/** Asks the publisher for a keyframe, as the subscriber wants. */
	onKeyframeRequest(): void {
		this.figures.plis++;
		const now = this.#clock.now();
		if (now - this.#keyframeAskedMs < KEYFRAME_REQUEST_INTERVAL_MS) return;
		this.#keyframeAskedMs = now;
		this.target?.requestKeyframe();
	}

	/** `sequences`: what the subscriber did not get, 16 bits. Each is sent a few times at most. */
	onNack(sequences: number[], rttMs: number): void {
		this.figures.nacks += sequences.length;
		const { highest, memoryPackets, oldestWanted, segments } = this.#forwarder;
		const resends = this.#resends;
		if (highest === undefined || !resends) return;
		const now = this.#clock.now();
		for (const sequence of sequences) {
			const behind = (highest - sequence) & 0xffff;
			const outIndex = highest - behind;
			if (behind >= memoryPackets || outIndex < oldestWanted || !resends.isDue(outIndex, now, rttMs)) continue;
			const segment = segments.ofOutgoing(outIndex);
			if (segment && this.#resend(outIndex, segment)) resends.onResent(outIndex, now);
		}
	}

	/** The receiver's view of this stream; the round trip in milliseconds where it can be told. */
	onReceiverReport(block: ReportBlock): number | undefined {
		this.figures.lost = block.fractionLost / 256;
		this.figures.jitterMs = (block.jitter * 1000) / this.#clockRate;
		return this.#reports.roundTripMs(block, this.#clock.now());
	}

	/** Sends about that many bytes that carry nothing, to probe the path; returns how many, 0 when this stream cannot. */
	sendPadding(bytes: number): number {
		const codec = this.current?.codec.codec;
		if (codec === undefined || !this.#rtx?.carries(codec)) return 0;
		return this.#rtx.sendPadding(bytes, codec, this.#forwarder.lastTimestamp);
	}

	/**
	 * The publisher's mapping of RTP time to wall clock time, carried on to now and into this stream's timestamps: audio and
	 * video of one person stay together, whatever way each took to here. Nothing before the publisher's own first report.
	 */
	sendReport(): void {
		const report = this.current?.lastReport;
		const segment = this.#forwarder.segments.newest;
		if (!report || !segment) return;
		const now = this.#clock.now();
		const elapsedMs = now - report.receivedAtMs;
		const ntp = report.ntp + (BigInt(Math.round(elapsedMs * 1000)) << 32n) / 1_000_000n;
		const sinceReport = Math.round((elapsedMs * this.#clockRate) / 1000);
		const sr = senderReport({
			ssrc: this.ssrc,
			ntp,
			rtpTimestamp: (report.rtpTimestamp + segment.timestampOffset + sinceReport) % TIMESTAMP_RANGE,
			packets: this.figures.packets,
			octets: this.figures.octets,
		});
		this.#reports.onSent(ntp, now);
		this.#sender.sendRtcp(Buffer.concat([sr, sourceDescription(this.ssrc, this.#media.cname)]));
	}

	/** To be called about every second. */
	measure(): void {
		const { figures } = this;
		const now = this.#clock.now();
		const elapsedMs = Math.max(1, now - this.#measuredMs);
		figures.bitsPerSecond = Math.round(((figures.octets - this.#octetsBefore) * 8000) / elapsedMs);
		this.#octetsBefore = figures.octets;
		this.#measuredMs = now;
	}

	#noteFrame(outIndex: number, timestamp: number, nowMs: number): void {
		if (outIndex <= this.#newestIndex) return;
		if (timestamp !== this.#newestTimestamp) this.#freezes.onFrame(nowMs, outIndex === this.#newestIndex + 1);
		this.#newestIndex = outIndex;
		this.#newestTimestamp = timestamp;
	}

	#onSent(bytes: number): void {
		if (this.#media.extensions.transportCc !== undefined) this.#sent.onSent(bytes);
	}

	#send(
		packet: Buffer,
		payloadStart: number,
		outIndex: number,
		segment: Segment,
		codec: CodecName,
		sequence: number,
		sendTime: number,
	): void {
		const { scratch } = this.#sender;
		if (packet.length + MAX_ADDED_BYTES > scratch.length) return;
		const start = this.#header.write(
			scratch,
			(packet[0] ?? 0) & 0x20,
			((packet[1] ?? 0) & 0x80) | this.#payloadType(codec),
			outIndex,
			(timestampOf(packet) + segment.timestampOffset) >>> 0,
			this.ssrc,
			sequence,
			sendTime,
			packet,
			segment.layer.track.extensions,
		);
		const end = this.#forwarder.writePayload(scratch, start, packet, payloadStart, segment, codec);
		this.#sender.sendRtp(end, outIndex);
		this.#onSent(end);
		this.figures.packets++;
		this.figures.octets += end - start;
	}

	/** Under the stream of retransmissions (RFC 4588), else once more as it was. */
	#resend(outIndex: number, segment: Segment): boolean {
		const { layer } = segment;
		const packet = layer.kept(outIndex - segment.outFrom + segment.from);
		const codec = packet && layer.track.codecOf(packet)?.codec;
		if (!packet || codec === undefined || this.#payloadType(codec) < 0) return false;
		const payloadStart = rtpHeaderLength(packet);
		if (this.#rtx?.carries(codec)) {
			this.#rtx.resend(packet, payloadStart, outIndex, segment, codec, this.#forwarder);
		} else {
			// Byte for byte, or the same keys and index would protect two different packets.
			const resends = this.#resends;
			if (!resends?.knows(outIndex)) return false;
			const [sequence, sendTime] = [resends.sequenceOf(outIndex), resends.sendTimeOf(outIndex)];
			this.#send(packet, payloadStart, outIndex, segment, codec, sequence, sendTime);
		}
		this.figures.resends++;
		return true;
	}

	/** -1 when the codec was not agreed. */
	#payloadType(codec: CodecName): number {
		for (const agreed of this.#media.codecs) if (agreed.codec === codec) return agreed.payloadType;
		return -1;
	}
}

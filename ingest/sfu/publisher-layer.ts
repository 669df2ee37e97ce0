import type { Clock } from "../../core/runtime/clock.ts";
import { FreezeCounter } from "../rtp/freeze-counter.ts";
import { keyframeSize, startsKeyframe } from "../rtp/keyframe.ts";
import { LossDetector } from "../rtp/loss-detector.ts";
import { PacketHistory } from "../rtp/packet-history.ts";
import type { PublisherTime } from "../rtp/publisher-time.ts";
import { RateMeter } from "../rtp/rate-meter.ts";
import { Reception } from "../rtp/reception.ts";
import type { RoundTrip } from "../rtp/round-trip.ts";
import type { SenderReport } from "../rtp/rtcp-read.ts";
import type { ReportBlock } from "../rtp/rtcp-write.ts";
import { rtpHeaderLength, rtpPayloadEnd, sequenceOf, timestampOf } from "../rtp/rtp-packet.ts";
import { RESTARTED, SequenceExtender } from "../rtp/sequence-extender.ts";
import type { AgreedCodec } from "../sdp/codecs.ts";
import { KeyframeRequests } from "./keyframe-requests.ts";
import type { LayerFigures } from "./publisher-figures.ts";
import type { PublisherTrack, TrackConsumer, TrackLayer, TrackPacket, TrackReport } from "./track-layer.ts";

/** Two to five seconds of video; two and a half of audio. */
const VIDEO_HISTORY = 512;
const AUDIO_HISTORY = 128;
/** A sender that leaves a layer out stops at once; one whose picture does not change sends one a second. */
const SILENCE_MS = 1_500;
/**
 * Layers show the same, picture by picture: one that falls so far behind another is left out. Those who watch it see it
 * stand until then, and for a round trip more; pictures four a second do not yet look like it.
 */
const LEFT_OUT_MS = 260;
/** A report further than this from the media is junk: OBS's first one is. */
const MAX_REPORT_DISTANCE_S = 10;

const none: number[] = [];

/** One SSRC of a publisher, told to all who consume it. */
export class PublisherLayer implements TrackLayer {
	readonly track: PublisherTrack & { readonly newestPayloadMs: number };
	readonly ssrc: number;
	readonly rid: string | undefined;
	readonly #clock: Clock;
	readonly #roundTrip: RoundTrip;
	readonly #time: PublisherTime;
	readonly #sequence = new SequenceExtender();
	readonly #history: PacketHistory;
	readonly #reception: Reception;
	readonly #losses: LossDetector | undefined;
	readonly #rate = new RateMeter();
	readonly #freezes = new FreezeCounter();
	readonly #requests = new KeyframeRequests();
	/** Told of each packet; the only object, so that none is made for each. */
	readonly #told: TrackPacket;
	/** Replaced, never changed: consumers come and go while one is told. */
	#consumers: readonly TrackConsumer[] = [];
	#codec: AgreedCodec;
	#width: number | undefined;
	#height: number | undefined;
	#highest = -1;
	#highestTimestamp = 0;
	#lastPayloadMs = Number.NEGATIVE_INFINITY;
	#lastReport: TrackReport | undefined;
	#keyframes = 0;

	constructor(
		{
			track,
			ssrc,
			rid,
			codec,
		}: { track: PublisherLayer["track"]; ssrc: number; rid: string | undefined; codec: AgreedCodec },
		{ clock, roundTrip, time }: { clock: Clock; roundTrip: RoundTrip; time: PublisherTime },
	) {
		this.track = track;
		this.ssrc = ssrc;
		this.rid = rid;
		this.#codec = codec;
		this.#clock = clock;
		this.#roundTrip = roundTrip;
		this.#time = time;
		this.#history = new PacketHistory(track.kind === "video" ? VIDEO_HISTORY : AUDIO_HISTORY);
		this.#reception = new Reception(ssrc, codec.clockRate);
		if (codec.feedback.includes("nack")) this.#losses = new LossDetector();
		this.#told = { packet: Buffer.alloc(0), index: -1, codec: codec.codec, keyframe: false, layer: this };
	}

	get codec(): AgreedCodec {
		return this.#codec;
	}

	get width(): number | undefined {
		return this.#width;
	}

	get height(): number | undefined {
		return this.#height;
	}

	get bitrate(): number {
		return this.#rate.bitsPerSecond(this.#clock.now());
	}

	get active(): boolean {
		const since = this.#lastPayloadMs;
		return this.#clock.now() - since < SILENCE_MS && this.track.newestPayloadMs - since < LEFT_OUT_MS;
	}

	get lastPayloadMs(): number {
		return this.#lastPayloadMs;
	}

	get lastReport(): TrackReport | undefined {
		return this.#lastReport;
	}

	kept(index: number): Buffer | undefined {
		return this.#history.get(index);
	}

	requestKeyframe(begins = false): void {
		if (this.track.kind === "video") this.#requests.want(begins);
	}

	add(consumer: TrackConsumer): void {
		if (!this.#consumers.includes(consumer)) this.#consumers = [...this.#consumers, consumer];
	}

	remove(consumer: TrackConsumer): void {
		this.#consumers = this.#consumers.filter((other) => other !== consumer);
	}

	/**
	 * `packet`: valid RTP of this SSRC, `codec` that of its payload type. `again`: unwrapped from a retransmission. False when
	 * the sender has begun a new numbering: this layer ends, and another begins with this packet.
	 */
	receive(packet: Buffer, codec: AgreedCodec, again: boolean, nowMs: number): boolean {
		const index = this.#sequence.extend(sequenceOf(packet), again);
		if (index === RESTARTED) return false;
		// Senders probe the bandwidth with packets that arrived before, too.
		if (index < 0 || !this.#history.store(index, packet)) return true;
		const timestamp = timestampOf(packet);
		const start = rtpHeaderLength(packet);
		const end = rtpPayloadEnd(packet);
		const video = this.track.kind === "video";
		const keyframe = !video || startsKeyframe(codec.codec, packet, start, end);
		if (end > start) this.#lastPayloadMs = nowMs;
		if (index > this.#highest) {
			if (video && (timestamp !== this.#highestTimestamp || this.#highest < 0) && end > start)
				this.#freezes.onFrame(nowMs, index === this.#highest + 1);
			this.#highest = index;
			this.#highestTimestamp = timestamp;
			this.#codec = codec;
		}
		this.#rate.add(packet.length, nowMs);
		if (!again) this.#reception.onPacket(index, timestamp, nowMs);
		if (this.#losses) this.#noteLosses(this.#losses, index, again, nowMs);
		if (keyframe && video) this.#onKeyframe(packet, codec, start, end);
		const told = this.#told;
		told.packet = packet;
		told.index = index;
		told.codec = codec.codec;
		told.keyframe = keyframe;
		const consumers = this.#consumers;
		for (let at = 0; at < consumers.length; at++) consumers[at]?.onPacket(told);
		return true;
	}

	onReport(report: SenderReport): void {
		const distance = Math.abs((report.rtpTimestamp - this.#highestTimestamp) | 0);
		if (this.#highest < 0 || distance > MAX_REPORT_DISTANCE_S * this.#codec.clockRate || report.ntp === 0n) return;
		const now = this.#clock.now();
		this.#reception.onSenderReport(report.ntp, now);
		this.#lastReport = { ...report, ntp: this.#time.ours(report.ntp, now), receivedAtMs: now };
		for (const consumer of this.#consumers) consumer.onReport(this.#lastReport, this);
	}

	/** Extended sequence numbers to ask the publisher for again now. */
	lossesDue(nowMs: number, roundTripMs: number): number[] {
		return this.#losses?.due(nowMs, roundTripMs) ?? none;
	}

	/** Whether to ask the publisher for a keyframe now; a layer it leaves out begins with one when it comes back. */
	keyframeDue(nowMs: number): boolean {
		return this.active && this.#requests.due(nowMs);
	}

	reportBlock(nowMs: number): ReportBlock | undefined {
		return this.#reception.block(nowMs);
	}

	/** Another has taken its place: nothing comes any more. */
	end(): void {
		this.#lastPayloadMs = Number.NEGATIVE_INFINITY;
	}

	figures(): LayerFigures {
		return {
			kind: this.track.kind,
			rid: this.rid,
			ssrc: this.ssrc,
			codec: this.#codec.codec,
			width: this.#width,
			height: this.#height,
			active: this.active,
			bitsPerSecond: this.bitrate,
			packets: this.#reception.packets,
			lost: this.#reception.lost,
			jitterMs: this.#reception.jitterMs,
			keyframes: this.#keyframes,
			nacksSent: this.#losses?.asked ?? 0,
			plisSent: this.#requests.sent,
			freezes: this.#freezes.freezes,
		};
	}

	#noteLosses(losses: LossDetector, index: number, again: boolean, nowMs: number): void {
		// Where retransmissions have an SSRC of their own, what comes on this one was only late.
		if (again || this.#codec.rtxPayloadType === undefined) {
			const answerMs = losses.answerMs(index, nowMs);
			if (answerMs >= 0) this.#roundTrip.onRetransmission(answerMs);
		}
		if (!losses.onPacket(index, nowMs)) this.requestKeyframe();
	}

	#onKeyframe(packet: Buffer, codec: AgreedCodec, start: number, end: number): void {
		this.#keyframes++;
		this.#requests.onKeyframe();
		const size = keyframeSize(codec.codec, packet, start, end);
		this.#width = size?.width ?? this.#width;
		this.#height = size?.height ?? this.#height;
	}
}

import type { Clock } from "../../core/runtime/clock.ts";
import { rtpHeaderLength, rtpPayloadEnd, timestampOf } from "../rtp/rtp-packet.ts";
import type { CodecName } from "../sdp/codecs.ts";
import { type Segment, StreamSegments } from "./stream-segments.ts";
import type { TrackConsumer, TrackLayer, TrackPacket, TrackReport } from "./track-layer.ts";
import { KEY_INDEX_RANGE, PICTURE_ID_RANGE, TL0_RANGE, Vp8Descriptor } from "./vp8-descriptor.ts";

/** Gets the packets of one continuous stream. */
export interface ForwardSink {
	/** Whether packets of that codec can be sent. */
	accepts(codec: CodecName): boolean;
	/**
	 * `outIndex` is never the same twice. The payload of `packet` begins at `payloadStart` (RTP header, CSRCs and extensions
	 * lie before it) and has still the publisher's numbers in it, see `Forwarder.writePayload`.
	 */
	onForward(packet: Buffer, payloadStart: number, outIndex: number, segment: Segment, codec: CodecName): void;
	/** Before the first packet of another layer. */
	onSwitch(segment: Segment): void;
	onReport(report: TrackReport, segment: Segment): void;
}

/** Packets later than this many are dropped; a power of two. */
const MEMORY_PACKETS = 512;
/** Picture ids of 7 bits (RFC 7741 section 4.2). */
const SHORT_ID_RANGE = 128;
const TIMESTAMP_RANGE = 2 ** 32;
/** Time that passes between two sources that begin in the same millisecond, and when a clock says that none did. */
const MIN_STEP_MS = 1;
/**
 * A layer that has just begun has no report yet. Switching to it before one comes would shift what was reported of this
 * stream, and receivers, which look at the last twenty reports, would have sound and picture apart for as long.
 */
const REPORT_PATIENCE_MS = 1_500;
/** Sender reports that put a layer further than this from its arrival are not believed. */
const MAX_REPORT_ERROR_MS = 1_000;

/**
 * Makes one continuous stream of the layers it is shown one after the other: sequence numbers without a step, timestamps
 * that keep going, VP8 numbers that count on. Video begins, and changes layers of one track, at a keyframe; until it comes
 * the old layer stays. Packets of padding alone are left out without a gap.
 */
export class LayerForwarder implements TrackConsumer {
	readonly segments = new StreamSegments();
	readonly #sink: ForwardSink;
	readonly #clock: Clock;
	readonly #clockRate: number;
	/** Of the packet being forwarded. */
	readonly #vp8 = new Vp8Descriptor();
	/** Slot `outIndex % MEMORY_PACKETS` holds the number last sent there. */
	readonly #sent = new Float64Array(MEMORY_PACKETS).fill(-1);
	#keyframes = 0;
	#current: TrackLayer | undefined;
	#target: TrackLayer | undefined;
	/** The current layer is more than the path carries: nothing of it is sent until the other one begins. */
	#held = false;
	/** When the target was chosen. */
	#targetMs = 0;
	#oldestWanted = 0;
	/** Of what was sent last; undefined before, where the first packet's own numbers are taken. */
	#highest: number | undefined;
	#lastTimestamp: number | undefined;
	#lastSentMs: number | undefined;
	#shortPictureIds = false;
	#lastPictureId = -1;
	#lastTl0 = -1;
	#lastKeyIndex = -1;

	/** `start`: the first packet's numbers come after these; without it the stream begins with the publisher's own. */
	constructor(
		{ sink, clockRate, start }: { sink: ForwardSink; clockRate: number; start?: { index: number; timestamp: number } },
		{ clock }: { clock: Clock },
	) {
		this.#sink = sink;
		this.#clock = clock;
		this.#clockRate = clockRate;
		this.#highest = start?.index;
		this.#lastTimestamp = start?.timestamp;
	}

	/** The layer that packets come from now. */
	get current(): TrackLayer | undefined {
		return this.#current;
	}

	/** The layer it goes to at its next keyframe, else the current one. */
	get target(): TrackLayer | undefined {
		return this.#target ?? this.#current;
	}

	/** Places at which decoding could begin, so far. */
	get keyframes(): number {
		return this.#keyframes;
	}

	/** Highest extended sequence number sent; undefined before the first. */
	get highest(): number | undefined {
		return this.#highest;
	}

	/** How far back from it packets can be written again just as they were: an id of 7 bits is soon ambiguous. */
	get memoryPackets(): number {
		return this.#shortPictureIds ? SHORT_ID_RANGE / 2 : MEMORY_PACKETS;
	}

	/** Lowest extended sequence number worth sending again: what lies before was sent on a path that could not carry it. */
	get oldestWanted(): number {
		return this.#held ? Number.POSITIVE_INFINITY : this.#oldestWanted;
	}

	/** RTP timestamp of that packet. */
	get lastTimestamp(): number {
		return this.#lastTimestamp ?? 0;
	}

	/**
	 * Shows `layer` from its next keyframe on; undefined: nothing any more. What another track showed ends at once.
	 * `overloaded`: the path does not carry the current layer, whose packets would only hold up that keyframe.
	 */
	show(layer: TrackLayer | undefined, overloaded = false): void {
		if (overloaded && layer && layer !== this.#current) this.#held = true;
		if (layer === this.target) return;
		const before = this.#current;
		if (layer === before && this.#held) {
			this.#held = false;
			layer?.requestKeyframe();
		}
		if (this.#target) this.#target.remove(this);
		this.#target = undefined;
		if (before && before !== layer && before.track !== layer?.track) {
			before.remove(this);
			this.#current = undefined;
		}
		if (!layer || layer === this.#current) return;
		this.#target = layer;
		this.#targetMs = this.#clock.now();
		layer.add(this);
		layer.requestKeyframe(this.#current === undefined || this.#held);
	}

	onPacket({ packet, index, codec, keyframe, layer }: TrackPacket): void {
		if (!this.#sink.accepts(codec)) return;
		if (layer === this.#target) {
			if (keyframe && this.#awaitsReport(layer)) layer.requestKeyframe();
			else if (keyframe) this.#begin(packet, index, codec, layer);
			if (this.#target) return;
		} else if (layer !== this.#current || this.#held) return;
		const segment = this.segments.ofSource(index);
		if (!segment) return;
		const outIndex = index - segment.from + segment.outFrom;
		const highest = this.#highest ?? -1;
		const place = outIndex & (MEMORY_PACKETS - 1);
		if (outIndex <= highest - MEMORY_PACKETS || this.#sent[place] === outIndex) return;
		const start = rtpHeaderLength(packet);
		const newest = outIndex > highest;
		// Padding that comes late has its number already, with packets after it sent.
		if (newest && rtpPayloadEnd(packet) <= start) {
			this.#leaveOut(index, outIndex, segment);
			return;
		}
		this.#sent[place] = outIndex;
		if (newest) {
			this.#highest = outIndex;
			this.#lastTimestamp = (timestampOf(packet) + segment.timestampOffset) >>> 0;
			this.#lastSentMs = this.#clock.now();
			if (keyframe) this.#keyframes++;
			if (codec === "VP8") this.#count(packet, start, segment);
		}
		this.#sink.onForward(packet, start, outIndex, segment, codec);
	}

	onReport(report: TrackReport, layer: TrackLayer): void {
		const segment = this.segments.newest;
		if (layer === this.#current && segment) this.#sink.onReport(report, segment);
	}

	/**
	 * The payload as this stream has it, to `target` at `at`; returns where it ends. Any packet of `segment`, with its payload
	 * from `payloadStart` on.
	 */
	writePayload(
		target: Buffer,
		at: number,
		packet: Buffer,
		payloadStart: number,
		segment: Segment,
		codec: CodecName,
	): number {
		let from = payloadStart;
		let to = at;
		if (codec === "VP8") {
			this.#readVp8(packet, payloadStart, segment);
			to += this.#vp8.write(target, at, packet, payloadStart, segment);
			from += this.#vp8.length;
		}
		return to + packet.copy(target, to, from);
	}

	#awaitsReport(layer: TrackLayer): boolean {
		const late = this.#clock.now() - this.#targetMs > REPORT_PATIENCE_MS;
		return !late && !this.#held && this.#current?.lastReport !== undefined && !layer.lastReport;
	}

	#begin(packet: Buffer, index: number, codec: CodecName, layer: TrackLayer): void {
		const timestampOffset = this.#timestampOffset(packet, layer);
		this.#current?.remove(this);
		this.#current = layer;
		this.#target = undefined;
		const vp8 = this.#vp8;
		vp8.length = 0;
		if (codec === "VP8") vp8.read(packet, rtpHeaderLength(packet), rtpPayloadEnd(packet));
		const isVp8 = codec === "VP8";
		const segment: Segment = {
			layer,
			from: index,
			outFrom: this.#highest === undefined ? index : this.#highest + 1,
			continued: false,
			timestampOffset,
			lastPictureId: vp8.pictureId,
			pictureIdOffset: isVp8 ? offset(this.#lastPictureId, vp8.pictureId, PICTURE_ID_RANGE) : 0,
			tl0Offset: isVp8 ? offset(this.#lastTl0, vp8.tl0, TL0_RANGE) : 0,
			keyIndexOffset: isVp8 ? offset(this.#lastKeyIndex, vp8.keyIndex, KEY_INDEX_RANGE) : 0,
		};
		this.segments.push(segment);
		if (this.#held) this.#oldestWanted = segment.outFrom;
		this.#held = false;
		this.#sink.onSwitch(segment);
	}

	#leaveOut(index: number, outIndex: number, segment: Segment): void {
		if (outIndex === segment.outFrom && segment.continued) segment.from = index + 1;
		else this.segments.push({ ...segment, from: index + 1, outFrom: outIndex, continued: true });
	}

	#readVp8(packet: Buffer, start: number, segment: Segment): void {
		const vp8 = this.#vp8;
		vp8.read(packet, start, rtpPayloadEnd(packet));
		if (vp8.pictureId < 0 || vp8.longPictureId) return;
		this.#shortPictureIds = true;
		const distance = (vp8.pictureId - segment.lastPictureId + SHORT_ID_RANGE / 2) & (SHORT_ID_RANGE - 1);
		vp8.pictureId = (segment.lastPictureId + distance - SHORT_ID_RANGE / 2) & (PICTURE_ID_RANGE - 1);
	}

	#count(packet: Buffer, start: number, segment: Segment): void {
		this.#readVp8(packet, start, segment);
		const { pictureId, tl0, keyIndex } = this.#vp8;
		const { pictureIdOffset, tl0Offset, keyIndexOffset } = segment;
		if (pictureId >= 0) {
			segment.lastPictureId = pictureId;
			this.#lastPictureId = (pictureId + pictureIdOffset) & (PICTURE_ID_RANGE - 1);
		}
		if (tl0 >= 0) this.#lastTl0 = (tl0 + tl0Offset) & (TL0_RANGE - 1);
		if (keyIndex >= 0) this.#lastKeyIndex = (keyIndex + keyIndexOffset) & (KEY_INDEX_RANGE - 1);
	}

	/** What makes `layer`'s time go on where the stream is: by the sender reports of both, else by arrival. */
	#timestampOffset(packet: Buffer, layer: TrackLayer): number {
		const timestamp = timestampOf(packet);
		if (this.#lastTimestamp === undefined) return 0;
		const elapsedMs = this.#lastSentMs === undefined ? 0 : this.#clock.now() - this.#lastSentMs;
		const byArrival = this.#ticks(Math.max(MIN_STEP_MS, elapsedMs));
		const byReports = this.#stepByReports(timestamp, layer);
		const believed = byReports !== undefined && Math.abs(byReports - byArrival) <= this.#ticks(MAX_REPORT_ERROR_MS);
		const step = believed ? Math.max(this.#ticks(MIN_STEP_MS), byReports) : byArrival;
		return (((this.#lastTimestamp + step - timestamp) % TIMESTAMP_RANGE) + TIMESTAMP_RANGE) % TIMESTAMP_RANGE;
	}

	/** From the last packet sent to one of `layer`, in ticks. */
	#stepByReports(timestamp: number, layer: TrackLayer): number | undefined {
		const segment = this.segments.newest;
		const [old, next] = [segment?.layer.lastReport, layer.lastReport];
		if (!segment || !old || !next) return undefined;
		const betweenReportsS = Number(next.ntp - old.ntp) / 2 ** 32;
		const sinceOld = (this.lastTimestamp - segment.timestampOffset - old.rtpTimestamp) | 0;
		const sinceNext = (timestamp - next.rtpTimestamp) | 0;
		return Math.round(betweenReportsS * this.#clockRate) + sinceNext - sinceOld;
	}

	#ticks(ms: number): number {
		return Math.round((ms * this.#clockRate) / 1000);
	}
}

/** What has to be added to `next` to follow `last` in steps of one; each is -1 where there is none. */
function offset(last: number, next: number, range: number): number {
	return last < 0 || next < 0 ? 0 : (last + 1 - next + range) % range;
}

import { FEED_ORIENTATION_ID, type FeedTrack as FeedTrackDescription } from "../../core/protocol/feed.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { extensionLength, extensionStart, findExtension, timestampOf } from "../rtp/rtp-packet.ts";
import type { CodecName } from "../sdp/codecs.ts";
import { type ForwardSink, LayerForwarder } from "../sfu/layer-forwarder.ts";
import type { Segment } from "../sfu/stream-segments.ts";
import type { PublisherTrack, TrackReport } from "../sfu/track-layer.ts";
import { LENGTH_BYTES } from "./framing.ts";

const HEADER_BYTES = 12;
/** Profile and length, and one element, filled up to 4 bytes (RFC 8285 section 4.2). */
const EXTENSION_BYTES = 8;
/** A rewritten VP8 payload is this much longer at most. */
const MAX_ADDED_BYTES = 1;

/**
 * One track of a publisher as the feed carries it: always the best layer that is alive, under the SSRC, and in the
 * numbering, of the first.
 */
export class FeedTrack implements ForwardSink {
	readonly track: PublisherTrack;
	readonly description: FeedTrackDescription;
	readonly #forwarder: LayerForwarder;
	readonly #write: (framed: Buffer) => void;
	readonly #onCodecChanged: () => void;

	/** `track` has a layer. `write`: gets frames of the feed. */
	constructor(
		track: PublisherTrack,
		{ write, onCodecChanged, clock }: { write(framed: Buffer): void; onCodecChanged(): void; clock: Clock },
	) {
		const layer = track.layers.findLast(({ active }) => active) ?? track.layers.at(-1);
		if (!layer) throw new RangeError("a track without layers");
		const { codec, payloadType, clockRate } = layer.codec;
		this.track = track;
		this.description = { kind: track.kind, codec, payloadType, clockRate, ssrc: layer.ssrc };
		this.#write = write;
		this.#onCodecChanged = onCodecChanged;
		this.#forwarder = new LayerForwarder({ sink: this, clockRate: track.clockRate }, { clock });
	}

	/** Begins at the next keyframe, with the description said. */
	begin(): void {
		this.#forwarder.show(this.track.layers.find(({ ssrc }) => ssrc === this.description.ssrc));
	}

	/** Looks which layers are alive; to be called now and then, and when the publisher's layers have changed. */
	chooseLayer(): void {
		const best = this.track.layers.findLast(({ active }) => active);
		if (best) this.#forwarder.show(best);
	}

	requestKeyframe(): void {
		this.#forwarder.target?.requestKeyframe();
	}

	close(): void {
		this.#forwarder.show(undefined);
	}

	accepts(codec: CodecName): boolean {
		if (codec === this.description.codec) return true;
		this.#onCodecChanged();
		return false;
	}

	onForward(packet: Buffer, payloadStart: number, outIndex: number, segment: Segment, codec: CodecName): void {
		const added = EXTENSION_BYTES + MAX_ADDED_BYTES;
		const framed = Buffer.allocUnsafe(LENGTH_BYTES + HEADER_BYTES + packet.length - payloadStart + added);
		const { payloadType, ssrc } = this.description;
		framed[LENGTH_BYTES] = 0x80 | ((packet[0] ?? 0) & 0x20);
		framed[LENGTH_BYTES + 1] = ((packet[1] ?? 0) & 0x80) | payloadType;
		framed.writeUInt16BE(outIndex & 0xffff, LENGTH_BYTES + 2);
		framed.writeUInt32BE((timestampOf(packet) + segment.timestampOffset) >>> 0, LENGTH_BYTES + 4);
		framed.writeUInt32BE(ssrc, LENGTH_BYTES + 8);
		const start = this.#writeOrientation(framed, LENGTH_BYTES + HEADER_BYTES, packet);
		const end = this.#forwarder.writePayload(framed, start, packet, payloadStart, segment, codec);
		framed.writeUInt16BE(end - LENGTH_BYTES, 0);
		this.#write(framed.subarray(0, end));
	}

	onSwitch(segment: Segment): void {
		const report = segment.layer.lastReport;
		if (report) this.onReport(report, segment);
	}

	/** How the picture has to be turned, where the publisher says so; returns where the payload goes. */
	#writeOrientation(framed: Buffer, at: number, packet: Buffer): number {
		const { orientation } = this.track.extensions;
		const found = orientation === undefined ? -1 : findExtension(packet, orientation);
		if (found < 0 || extensionLength(found) !== 1) return at;
		framed[LENGTH_BYTES] = (framed[LENGTH_BYTES] ?? 0) | 0x10;
		framed.writeUInt32BE(0xbede0001, at);
		framed.writeUInt32BE(0, at + 4);
		framed[at + 4] = FEED_ORIENTATION_ID << 4;
		framed[at + 5] = packet[extensionStart(found)] ?? 0;
		return at + EXTENSION_BYTES;
	}

	/** The publisher's report, as if this were its stream. */
	onReport({ bytes, rtpTimestamp }: TrackReport, { timestampOffset }: Segment): void {
		const framed = Buffer.allocUnsafe(LENGTH_BYTES + bytes.length);
		framed.writeUInt16BE(bytes.length, 0);
		bytes.copy(framed, LENGTH_BYTES);
		framed.writeUInt32BE(this.description.ssrc, LENGTH_BYTES + 4);
		framed.writeUInt32BE((rtpTimestamp + timestampOffset) >>> 0, LENGTH_BYTES + 16);
		this.#write(framed);
	}
}

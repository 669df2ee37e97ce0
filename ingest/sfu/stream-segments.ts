import type { TrackLayer } from "./track-layer.ts";
import type { Vp8Offsets } from "./vp8-descriptor.ts";

/** A stretch of an outgoing stream that comes from one layer, all by the same offsets. */
export interface Segment extends Vp8Offsets {
	readonly layer: TrackLayer;
	/** Extended sequence number of the layer at which it begins. */
	from: number;
	/** Extended sequence number of the outgoing stream at which it begins. */
	readonly outFrom: number;
	/** It goes on where the one before left a packet out, rather than beginning another source. */
	readonly continued: boolean;
	/** Outgoing minus incoming RTP timestamp. */
	readonly timestampOffset: number;
	/** VP8: the publisher's id of the newest picture sent; ids of 7 bits are counted on from it. */
	lastPictureId: number;
}

/** Late packets and requests for lost ones reach this far back; more are made only by padding between media. */
const MAX_SEGMENTS = 32;

/** Which packet of which layer each sequence number of an outgoing stream stands for. */
export class StreamSegments {
	readonly #segments: Segment[] = [];

	get newest(): Segment | undefined {
		return this.#segments.at(-1);
	}

	push(segment: Segment): void {
		this.#segments.push(segment);
		if (this.#segments.length > MAX_SEGMENTS) this.#segments.shift();
	}

	/**
	 * Where packet `index` of the newest segment's layer belongs; undefined for one from before that layer was shown (its
	 * numbers may be taken) and for one left out before.
	 */
	ofSource(index: number): Segment | undefined {
		let end = Number.POSITIVE_INFINITY;
		for (let at = this.#segments.length - 1; at >= 0; at--) {
			const segment = this.#segments[at];
			if (!segment) return undefined;
			if (index >= segment.from) return index - segment.from + segment.outFrom < end ? segment : undefined;
			if (!segment.continued) return undefined;
			end = segment.outFrom;
		}
		return undefined;
	}

	/** Where number `outIndex` of the outgoing stream comes from. */
	ofOutgoing(outIndex: number): Segment | undefined {
		for (let at = this.#segments.length - 1; at >= 0; at--) {
			const segment = this.#segments[at];
			if (segment && outIndex >= segment.outFrom) return segment;
		}
		return undefined;
	}
}

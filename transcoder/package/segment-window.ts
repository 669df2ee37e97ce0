import { SEGMENT_SECONDS } from "./part-cutter.ts";

export interface Segment {
	/** Media sequence number. */
	msn: number;
	/** One per run that came to have a segment; names the initialization segments. */
	runNumber: number;
	/** The first of a run, but for the very first. */
	discontinuity: boolean;
	/** By rendition, in the packager's order. */
	media: SegmentMedia[];
}

export interface SegmentMedia {
	name: string;
	/** Microseconds on the media timeline. */
	startUs: number;
	durationUs: number;
	parts: Part[];
}

export interface Part {
	name: string;
	bytes: Buffer;
	durationUs: number;
	/** Begins with an IDR, or is sound alone. */
	independent: boolean;
}

/** Whole segments a playlist lists, in microseconds; cut-short ones do not make it list less. */
const WINDOW_US = 30 * SEGMENT_SECONDS * 1e6;
/**
 * How much more media is published before a segment that left the playlist is forgotten: its own duration and that of
 * the longest playlist that held it (rfc8216bis section 6.2.2), counted in media time so that an outage only lengthens it.
 */
const RETENTION_US = WINDOW_US + 2 * SEGMENT_SECONDS * 1e6;

/** The whole segments that are listed, and those that are not any longer but can still be fetched. */
export class SegmentWindow {
	readonly listed: Segment[] = [];
	readonly #retired: Segment[] = [];
	/** Discontinuities that have left the head of the playlist. */
	discontinuitySequence = 0;

	/** Appends a whole segment. Returns those that need not be fetchable any longer. */
	append(segment: Segment): Segment[] {
		this.listed.push(segment);
		const windowUs = sumUs(this.listed);
		let removedUs = 0;
		while (this.listed[0] && windowUs - removedUs - durationUs(this.listed[0]) >= WINDOW_US) {
			const head = this.listed.shift() as Segment;
			removedUs += durationUs(head);
			if (head.discontinuity) this.discontinuitySequence++;
			this.#retired.push(head);
		}
		const expired: Segment[] = [];
		let laterUs = sumUs(this.#retired);
		while (this.#retired[0]) {
			laterUs -= durationUs(this.#retired[0]);
			if (laterUs < RETENTION_US) break;
			expired.push(this.#retired.shift() as Segment);
		}
		return expired;
	}

	/** Whether anything that can be fetched belongs to that run. */
	holdsRun(runNumber: number): boolean {
		return [...this.#retired, ...this.listed].some((segment) => segment.runNumber === runNumber);
	}
}

function durationUs({ media }: Segment): number {
	return media[0]?.durationUs ?? 0;
}

function sumUs(segments: Segment[]): number {
	return segments.reduce((sum, segment) => sum + durationUs(segment), 0);
}

export function mediaNames(epoch: string) {
	return {
		init: (runNumber: number) => `init-${epoch}-${runNumber}.mp4`,
		segment: (msn: number) => `segment-${epoch}-${msn}.m4s`,
		/** Counted over all segments, so that the next part's name is known even when the segment it will be in is not. */
		part: (partNumber: number) => `part-${epoch}-${partNumber}.m4s`,
	};
}
export type MediaNames = ReturnType<typeof mediaNames>;

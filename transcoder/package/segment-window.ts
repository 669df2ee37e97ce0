import type { RunName } from "../timeline.ts";
import { SEGMENT_SECONDS } from "./part-cutter.ts";

export interface Segment {
	/** Media sequence number. */
	msn: number;
	/** Names the media. */
	run: RunName;
	/** The first of its run. */
	startsRun: boolean;
	/** That, but not the very first. */
	discontinuity: boolean;
	/** Neither memory nor disk has it. */
	lost: boolean;
	/** By rendition, in the packager's order; empty once it is old, to save memory. */
	media: SegmentMedia[];
	/** Of the first rendition. */
	durationUs: number;
}

export interface SegmentMedia {
	/** Microseconds on the media timeline. */
	startUs: number;
	durationUs: number;
	/** None when its bytes are not in memory. */
	parts: Part[];
}

export interface Part {
	name: string;
	bytes: Buffer;
	durationUs: number;
	/** Begins with an IDR, or is sound alone. */
	independent: boolean;
}

/**
 * Media that is in memory, counted back from the end: what nearly everybody asks for. Twice as much when the disk does not
 * keep up: that is how long a playlist of a minute must be fetchable without one.
 */
const MEMORY_US = (60 + SEGMENT_SECONDS) * 1e6;

/** The whole segments that are listed, those that are not any longer but can still be fetched, and those in memory. */
export class SegmentWindow {
	readonly listed: Segment[] = [];
	readonly #retired: Segment[] = [];
	/** With their bytes. */
	readonly #held: Segment[] = [];
	readonly #windowUs: number;
	readonly #isStored: (segment: Segment) => boolean;
	#listedUs = 0;
	#retiredUs = 0;
	#heldUs = 0;
	/** Discontinuities that have left the head of the playlist. */
	discontinuitySequence = 0;

	/** `windowUs`: whole segments that are listed; cut-short ones do not make it less. Infinity: all. */
	constructor({ windowUs, isStored }: { windowUs: number; isStored: (segment: Segment) => boolean }) {
		this.#windowUs = windowUs;
		this.#isStored = isStored;
	}

	/** Appends a whole segment. Returns those whose bytes need not be in memory any longer. */
	append(segment: Segment): Segment[] {
		this.listed.push(segment);
		this.#listedUs += segment.durationUs;
		if (segment.media.some(({ parts }) => parts.length > 0)) {
			this.#held.push(segment);
			this.#heldUs += segment.durationUs;
		}
		return this.#forget();
	}

	/**
	 * Lists the oldest segment no longer when there is enough without it; false when there is not. To be called for each
	 * version of the playlists, so that segments leave them one at a time, cut-short ones too.
	 */
	trim(): boolean {
		const [head] = this.listed;
		if (!head || this.#listedUs - head.durationUs < this.#windowUs) return false;
		this.listed.shift();
		this.#listedUs -= head.durationUs;
		this.#retiredUs += head.durationUs;
		if (head.discontinuity) this.discontinuitySequence++;
		this.#retired.push(head);
		return true;
	}

	/**
	 * Takes out those that need not be fetchable any longer. A segment that left the playlist is kept for its own duration
	 * and that of the longest playlist that held it (rfc8216bis section 6.2.2), counted in media time so that an outage only
	 * lengthens it.
	 */
	takeOverdue(): Segment[] {
		const removed: Segment[] = [];
		while (this.#retired[0]) {
			const laterUs = this.#retiredUs - this.#retired[0].durationUs;
			if (laterUs < this.#windowUs + 2 * SEGMENT_SECONDS * 1e6) break;
			this.#retiredUs = laterUs;
			removed.push(this.#retired.shift() as Segment);
		}
		return removed;
	}

	/** Whether anything of that run is in memory. */
	holdsRun(run: number): boolean {
		return this.#held.some((segment) => segment.run.run === run);
	}

	#forget(): Segment[] {
		const forgotten: Segment[] = [];
		while (this.#held[0]) {
			const laterUs = this.#heldUs - this.#held[0].durationUs;
			if (laterUs < MEMORY_US || (laterUs < 2 * MEMORY_US && !this.#isStored(this.#held[0]))) break;
			this.#heldUs = laterUs;
			forgotten.push(this.#held.shift() as Segment);
		}
		return forgotten;
	}
}

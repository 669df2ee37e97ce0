import type { NamedMedia, RenditionPublication } from "../publication.ts";
import { type FilePiece, mediaNames, type PartMedia, type RunName, type TimelineSegment } from "../timeline.ts";
import { type Listing, type MediaPlaylist, TARGET_DURATION } from "./media-playlist.ts";
import type { Cut } from "./part-cutter.ts";
import type { Rendition } from "./rendition.ts";
import type { RunMuxer } from "./run-muxer.ts";
import type { Segment } from "./segment-window.ts";

/** Over less than this the mean says nothing of the bitrate a player must sustain (rfc8216bis, BANDWIDTH). */
const SHORTEST_MEASURED_US = (TARGET_DURATION / 2) * 1e6;

/** One rendition of a programme: its media, its playlist, and what changed of them since it was published. */
export class RenditionOutput {
	/** Of the newest run. */
	rendition: Rendition;
	/** Bits per second of the heaviest whole segment so far. */
	peakBitrate = 0;
	readonly #index: number;
	readonly #playlist: MediaPlaylist;
	#added: NamedMedia[] = [];
	#expired: string[] = [];

	/** `index`: of the rendition in each segment's media. */
	constructor(rendition: Rendition, index: number, playlist: MediaPlaylist) {
		this.rendition = rendition;
		this.#index = index;
		this.#playlist = playlist;
	}

	/** Begins a run; returns what is to be stored of it. */
	addInit(muxer: RunMuxer, { run, epoch }: RunName): FilePiece {
		const name = mediaNames(epoch).init(run);
		const bytes = muxer.init(this.rendition);
		this.#added.push({ name, chunks: [bytes] });
		return { rendition: this.rendition.name, name, bytes };
	}

	/** Adds a part to the open segment; returns what is to be stored of it. */
	addPart(
		muxer: RunMuxer,
		cut: Cut,
		part: number,
		{ msn, run, media }: Segment,
	): { piece: FilePiece; entry: PartMedia } {
		const names = mediaNames(run.epoch);
		const { startUs, ...made } = muxer.part(this.rendition, cut, part, names.part(part));
		media[this.#index] ??= { startUs, durationUs: 0, parts: [] };
		const open = media[this.#index];
		open?.parts.push(made);
		if (open) open.durationUs += made.durationUs;
		this.#added.push({ name: made.name, chunks: [made.bytes] });
		return {
			piece: { rendition: this.rendition.name, name: names.segment(msn), bytes: made.bytes },
			entry: [startUs, made.durationUs, made.bytes.length, made.independent ? 1 : 0],
		};
	}

	/** The segment is whole. */
	close(segment: Segment): void {
		const [whole] = this.#mediaOf(segment);
		if (!whole) return;
		this.#added.push(whole);
		const length = whole.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
		this.#measure(length, segment.media[this.#index]?.durationUs ?? 0);
	}

	/** Takes up a segment of an earlier life, with its bytes where they are near the end. */
	restore(segment: Segment, { parts }: TimelineSegment): void {
		this.#added.push(...this.#mediaOf(segment));
		const sum = (field: 1 | 2) => parts.reduce((total, { media }) => total + (media[this.#index]?.[field] ?? 0), 0);
		this.#measure(sum(2), sum(1));
	}

	/** Its bytes are not kept any longer. */
	forget(segment: Segment): void {
		this.#expired.push(...this.#mediaOf(segment).map(({ name }) => name));
	}

	/** Nor is the initialization of that run. */
	forgetRun({ run, epoch }: RunName): void {
		this.#expired.push(mediaNames(epoch).init(run));
	}

	/** The segment cannot be had any more. */
	lose(msn: number): void {
		this.#playlist.lose(msn);
	}

	publication(listing: Listing): RenditionPublication {
		const { name, contentType } = this.rendition;
		const [added, expired] = [this.#added, this.#expired];
		this.#added = [];
		this.#expired = [];
		return { name, contentType, ...this.#playlist.texts(listing), hint: listing.hint, added, expired };
	}

	/** The whole segment, then its parts; nothing when its bytes are not in memory. */
	#mediaOf({ run, msn, media }: Segment): NamedMedia[] {
		const parts = media[this.#index]?.parts ?? [];
		if (parts.length === 0) return [];
		const whole = { name: mediaNames(run.epoch).segment(msn), chunks: parts.map(({ bytes }) => bytes) };
		return [whole, ...parts.map(({ name, bytes }) => ({ name, chunks: [bytes] }))];
	}

	#measure(bytes: number, durationUs: number): void {
		if (durationUs >= SHORTEST_MEASURED_US) this.peakBitrate = Math.max(this.peakBitrate, (8e6 * bytes) / durationUs);
	}
}

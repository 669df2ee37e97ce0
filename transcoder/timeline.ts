import type { TrackConfig } from "./coded-frames.ts";

/**
 * What is kept of a programme beside its media, so that a server that was started again goes on with it: one entry for
 * each thing that is published, in order. Times are microseconds of media time, lengths are bytes.
 */
export type TimelineEntry = StreamEntry | RunEntry | PartEntry | SegmentEntry;

/** First of all, once. */
export interface StreamEntry {
	type: "stream";
	/** Milliseconds since the Unix epoch at media time 0. */
	originMs: number;
	frameRate: number;
	/** In the packager's order. */
	renditions: { name: string; contentType: "video/mp4" | "audio/mp4" }[];
	/** Seconds that the playlist lists; null: all there ever was. What players were told must hold from life to life. */
	windowSeconds: number | null;
}

/** Before its first part. */
export interface RunEntry extends RunName {
	type: "run";
	tracks: TrackConfig[];
	/** Of the initialization segments, by rendition. */
	lengths: number[];
}

export interface RunName {
	/** Counts through all lives, from 1. */
	run: number;
	/** Of the life of the server it belongs to. */
	epoch: string;
}

/** The first of a media sequence number opens that segment. */
export interface PartEntry {
	type: "part";
	msn: number;
	run: number;
	/** Counts through all lives, from 1. */
	part: number;
	/** By rendition. */
	media: PartMedia[];
}

export type PartMedia = [startUs: number, durationUs: number, length: number, independent: 0 | 1];

export interface SegmentEntry {
	/** No further part; its media was never written; it was deleted. */
	type: "whole" | "lost" | "removed";
	msn: number;
}

/** What an earlier life left, with which the next one goes on. */
export interface Timeline {
	stream: StreamEntry;
	runs: RunEntry[];
	/** Whole, with media sequence numbers from 1 on without a hole. */
	segments: TimelineSegment[];
}

export interface TimelineSegment {
	msn: number;
	run: number;
	/** It cannot be had. */
	lost: boolean;
	parts: PartEntry[];
	/** Bytes by rendition, of those near the end: players may still ask for their parts. */
	bytes: Buffer[] | undefined;
}

/** A piece of the file of that name; the pieces of one file come in order. */
export interface FilePiece {
	rendition: string;
	name: string;
	bytes: Buffer;
}

/** Where the packager leaves what it published. Nothing of this waits or throws. */
export interface TimelineStore {
	record(entry: TimelineEntry, pieces: FilePiece[]): void;
	/** Whether a whole segment's files, or those of a run's initialization, are on disk. */
	holdsSegment(msn: number): boolean;
	holdsRun(run: number): boolean;
	/** Nobody has the bytes any more: what is not on disk now never will be. */
	abandon(msn: number): void;
	/** Deletes a segment's files. */
	remove(msn: number): void;
	/** Nothing follows. */
	end(playlists: FinalPlaylists): void;
}

/** Their texts. */
export interface FinalPlaylists {
	multivariant: string;
	renditions: { name: string; playlist: string }[];
}

export function mediaNames(epoch: string) {
	return {
		init: (run: number) => `init-${epoch}-${run}.mp4`,
		segment: (msn: number) => `segment-${epoch}-${msn}.m4s`,
		/** Counted over all segments, so that the next part's name is known even when the segment it will be in is not. */
		part: (part: number) => `part-${epoch}-${part}.m4s`,
	};
}

import { readFile, rename, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../../core/runtime/log.ts";
import { mediaNames, type Timeline, type TimelineSegment } from "../timeline.ts";
import { readJournal } from "./journal.ts";

export const JOURNAL_NAME = "timeline.jsonl";
/** Players may still ask for parts of segments that end less than this before the end: those are read. */
const TAIL_US = 18 * 1e6;
/** Segments whose files are looked at together. */
const BATCH = 100;

interface RestoredTimeline {
	timeline: Timeline;
	/** Media sequence number up to which the files were deleted. */
	removedMsn: number;
	/** The last segment was still open. */
	wasCut: boolean;
	/** Bytes of the journal that make sense. */
	length: number;
}

/**
 * What an earlier life left in that directory, with its media looked at: what is not there as the journal says is lost.
 * Undefined when nothing was begun.
 * @throws Error when it cannot be read
 */
export async function restoreTimeline(directory: string, log: Logger): Promise<RestoredTimeline | undefined> {
	const path = join(directory, JOURNAL_NAME);
	const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return Buffer.alloc(0);
		throw error;
	});
	const { timeline, removedMsn, wasCut, length } = readJournal(bytes);
	if (length < bytes.length) log.warn({ bytes: bytes.length - length }, "the end of a timeline cannot be read");
	if (!timeline) {
		if (bytes.length > 0) await rename(path, `${path}.unreadable`);
		return undefined;
	}
	const kept = timeline.segments.filter(({ msn, lost }) => msn > removedMsn && !lost);
	const files = new MediaFiles(directory, timeline);
	for (let at = 0; at < kept.length; at += BATCH) {
		const batch = kept.slice(at, at + BATCH);
		await Promise.all(
			batch.map(async (segment) => {
				segment.lost = !(await files.areWhole(segment));
			}),
		);
	}
	for (const segment of timeline.segments) if (segment.msn <= removedMsn) segment.lost = true;
	const lost = kept.filter((segment) => segment.lost).length;
	if (lost > 0) log.warn({ lost }, "media of a timeline is not on disk");
	await files.readTail();
	return { timeline, removedMsn, wasCut, length };
}

/** Bytes of a segment's files, by rendition. */
export function fileLengths({ parts }: TimelineSegment): number[] {
	const renditions = parts[0]?.media ?? [];
	return renditions.map((_, index) => parts.reduce((sum, { media }) => sum + (media[index]?.[2] ?? 0), 0));
}

class MediaFiles {
	readonly #directory: string;
	readonly #timeline: Timeline;
	readonly #epochs: Map<number, string>;

	constructor(directory: string, timeline: Timeline) {
		this.#directory = directory;
		this.#timeline = timeline;
		this.#epochs = new Map(timeline.runs.map(({ run, epoch }) => [run, epoch]));
	}

	/** Cuts off what a write that was not finished left behind. */
	async areWhole(segment: TimelineSegment): Promise<boolean> {
		const lengths = fileLengths(segment);
		const fits = this.#paths(segment).map(async (path, index) => {
			const length = lengths[index] ?? 0;
			const { size } = await stat(path).catch(() => ({ size: -1 }));
			if (size > length) await truncate(path, length);
			return size >= length;
		});
		return (await Promise.all(fits)).every(Boolean);
	}

	async readTail(): Promise<void> {
		let afterUs = 0;
		for (const segment of this.#timeline.segments.toReversed()) {
			if (afterUs > TAIL_US) return;
			if (!segment.lost) segment.bytes = await Promise.all(this.#paths(segment).map((path) => readFile(path)));
			afterUs += segment.parts.reduce((sum, { media }) => sum + (media[0]?.[1] ?? 0), 0);
		}
	}

	#paths({ msn, run }: TimelineSegment): string[] {
		const name = mediaNames(this.#epochs.get(run) ?? "").segment(msn);
		return this.#timeline.stream.renditions.map((rendition) => join(this.#directory, rendition.name, name));
	}
}

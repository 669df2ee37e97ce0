import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../../core/runtime/log.ts";
import type { ArchivedMedia, MediaArchive } from "../publication.ts";
import {
	type FilePiece,
	type FinalPlaylists,
	mediaNames,
	type StreamEntry,
	type Timeline,
	type TimelineEntry,
	type TimelineStore,
} from "../timeline.ts";
import { DiskQueue, type Write } from "./disk-queue.ts";
import { journalLine } from "./journal.ts";
import { fileLengths, JOURNAL_NAME, restoreTimeline } from "./restore-timeline.ts";

const CLOSING_DEADLINE_MS = 3_000;
const PLAYLIST_NAME = "index.m3u8";
const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";

/** A file that is complete. */
export interface StoredMedia {
	/** Undefined for the multivariant playlist. */
	rendition: string | undefined;
	name: string;
	path: string;
	contentType: string;
}

export interface ArchiveEvents {
	/** Whether what is published reaches the disk. Only when it changes. */
	state: (state: "writing" | "failing", reason?: string) => void;
	/** Also of what an earlier life left. At the end of the programme the final playlists, the multivariant one last. */
	stored?: (media: StoredMedia) => void;
}

interface ArchivedFiles {
	name: string;
	/** Bytes, by rendition. */
	lengths: number[];
	state: "open" | "stored" | "lost";
	/** Not on disk yet. */
	pending: Write[];
}

/**
 * One programme's media and timeline on disk: `<rendition>/<name>` as at the origin, and a journal of what was published. It
 * outlives the server. What cannot be written now is tried again until the packager gives it up.
 */
export class Archive implements MediaArchive, TimelineStore {
	readonly #directory: string;
	readonly #journalPath: string;
	readonly #log: Logger;
	readonly #events: ArchiveEvents;
	readonly #queue: DiskQueue;
	#renditions: StreamEntry["renditions"] = [];
	readonly #runs = new Map<number, ArchivedFiles & { epoch: string }>();
	readonly #segments = new Map<number, ArchivedFiles>();
	/** What is there cannot be read, and must not be written over. */
	#isUnusable = false;

	constructor(directory: string, { log, events }: { log: Logger; events: ArchiveEvents }) {
		this.#directory = directory;
		this.#journalPath = join(directory, JOURNAL_NAME);
		this.#log = log;
		this.#events = events;
		this.#queue = new DiskQueue({
			failing: (err) => {
				log.error(
					{ err },
					"the programme cannot be written to disk: it goes on from memory, and writing is tried again",
				);
				events.state("failing", err.code ?? "unknown");
			},
			writing: () => {
				log.info("the programme is written to disk again");
				events.state("writing");
			},
		});
	}

	/** To be called once, before anything is recorded. Undefined when there was no life before. Never rejects. */
	async restore(): Promise<Timeline | undefined> {
		try {
			const restored = await restoreTimeline(this.#directory, this.#log);
			if (!restored) return undefined;
			const { timeline, removedMsn, wasCut, length } = restored;
			await this.#queue.resume(this.#journalPath, length);
			this.#takeUp(timeline, removedMsn);
			const last = timeline.segments.at(-1);
			if (last && wasCut) this.#write({ type: "whole", msn: last.msn });
			return timeline;
		} catch (err) {
			this.setAside(err);
			return undefined;
		}
	}

	/** What an earlier life left is of no use, and stays as it is: nothing is written any more. */
	setAside(err: unknown): void {
		this.#isUnusable = true;
		this.#log.error({ err }, "what an earlier life of the programme left is of no use: it begins anew, in memory");
		this.#events.state("failing", (err as NodeJS.ErrnoException).code ?? "unknown");
	}

	find(rendition: string, name: string): ArchivedMedia | undefined {
		const index = this.#renditions.findIndex((one) => one.name === rendition);
		const [, kind, number] = /^(init|segment)-[a-z0-9]+-(\d{1,9})\.(?:mp4|m4s)$/.exec(name) ?? [];
		const files = (kind === "init" ? this.#runs : this.#segments).get(Number(number));
		if (!files || files.name !== name || files.state !== "stored") return undefined;
		const [length, contentType] = [files.lengths[index], this.#renditions[index]?.contentType];
		if (length === undefined || contentType === undefined) return undefined;
		return { path: join(this.#directory, rendition, name), length, contentType };
	}

	record(entry: TimelineEntry, pieces: FilePiece[]): void {
		if (this.#isUnusable) return;
		const lengths = pieces.map(({ bytes }) => bytes.length);
		if (entry.type === "stream") this.#renditions = entry.renditions;
		if (entry.type === "run") {
			const { run, epoch } = entry;
			const files = { epoch, name: mediaNames(epoch).init(run), lengths, state: "open" as const, pending: [] };
			this.#runs.set(run, files);
			this.#write(entry, { pieces, closes: files, done: () => this.#stored(files) });
		} else if (entry.type === "part") {
			const files = this.#filesOf(entry);
			for (const [index, length] of lengths.entries()) files.lengths[index] = (files.lengths[index] ?? 0) + length;
			files.pending.push(this.#write(entry, { pieces }));
		} else if (entry.type === "whole") {
			const files = this.#segments.get(entry.msn);
			if (files) files.pending.push(this.#write(entry, { closes: files, done: () => this.#stored(files) }));
		} else this.#write(entry);
	}

	holdsSegment(msn: number): boolean {
		return this.#segments.get(msn)?.state === "stored";
	}

	holdsRun(run: number): boolean {
		return this.#runs.get(run)?.state === "stored";
	}

	abandon(msn: number): void {
		const files = this.#segments.get(msn);
		if (files?.state !== "open") return;
		files.state = "lost";
		// Their lines stay: the next life must know how long it was.
		for (const write of files.pending) write.pieces = write.pieces.filter(({ path }) => path === this.#journalPath);
		files.pending = [];
		this.#write({ type: "lost", msn }, { done: () => this.#unlink(files) });
	}

	remove(msn: number): void {
		const files = this.#segments.get(msn);
		if (!files) return;
		this.#segments.delete(msn);
		this.#write({ type: "removed", msn }, { done: () => this.#unlink(files) });
	}

	end({ multivariant, renditions }: FinalPlaylists): void {
		if (this.#isUnusable) return;
		const files = [...renditions, { name: undefined, playlist: multivariant }];
		for (const { name: rendition, playlist } of files) {
			const path = join(this.#directory, rendition ?? "", PLAYLIST_NAME);
			const done = () => this.#tell({ rendition, name: PLAYLIST_NAME, path, contentType: PLAYLIST_TYPE });
			this.#queue.add({ pieces: [{ path, bytes: Buffer.from(playlist) }], closes: [path], done });
		}
	}

	/** Writes what can be written at once. Idempotent. */
	async close(): Promise<void> {
		const deadline = new AbortController();
		await Promise.race([
			this.#queue.close(),
			delay(CLOSING_DEADLINE_MS, undefined, { signal: deadline.signal }).catch(() => {}),
		]);
		deadline.abort();
	}

	#takeUp({ stream, runs, segments }: Timeline, removedMsn: number): void {
		this.#renditions = stream.renditions;
		for (const { run, epoch, lengths } of runs) {
			const files = { epoch, name: mediaNames(epoch).init(run), lengths, state: "open" as const, pending: [] };
			this.#runs.set(run, files);
			this.#stored(files);
		}
		for (const segment of segments) {
			if (segment.msn <= removedMsn) continue;
			const files = this.#filesOf(segment);
			files.lengths = fileLengths(segment);
			if (segment.lost) files.state = "lost";
			else this.#stored(files);
		}
	}

	#filesOf({ msn, run }: { msn: number; run: number }): ArchivedFiles {
		const name = mediaNames(this.#runs.get(run)?.epoch ?? "").segment(msn);
		const files = this.#segments.get(msn) ?? { name, lengths: [], state: "open", pending: [] };
		this.#segments.set(msn, files);
		return files;
	}

	#write(
		entry: TimelineEntry,
		{ pieces = [], closes, done }: { pieces?: FilePiece[]; closes?: ArchivedFiles; done?: () => void } = {},
	): Write {
		const files = pieces.map(({ rendition, name, bytes }) => ({ path: join(this.#directory, rendition, name), bytes }));
		const write: Write = {
			pieces: [...files, { path: this.#journalPath, bytes: journalLine(entry) }],
			closes: closes ? this.#paths(closes) : [],
			...(done && { done }),
		};
		if (!this.#isUnusable) this.#queue.add(write);
		return write;
	}

	#stored(files: ArchivedFiles): void {
		if (files.state === "lost") return;
		files.state = "stored";
		files.pending = [];
		for (const { name: rendition, contentType } of this.#renditions) {
			const path = join(this.#directory, rendition, files.name);
			this.#tell({ rendition, name: files.name, path, contentType });
		}
	}

	/** What others do with it does not end the writing. */
	#tell(media: StoredMedia): void {
		try {
			this.#events.stored?.(media);
		} catch (err) {
			this.#log.error({ err }, "a stored file was not taken note of");
		}
	}

	#paths({ name }: ArchivedFiles): string[] {
		return this.#renditions.map((rendition) => join(this.#directory, rendition.name, name));
	}

	#unlink(files: ArchivedFiles): void {
		for (const path of this.#paths(files))
			rm(path, { force: true }).catch((err) => this.#log.warn({ err }, "old media could not be deleted"));
	}
}

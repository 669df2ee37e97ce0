import { type FileHandle, mkdir, open, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** What is to be written at once: pieces of files, then whatever tells of them. */
export interface Write {
	/** Each is appended to its file. Those of one file come in order. */
	pieces: { path: string; bytes: Buffer }[];
	/** Files to which nothing is appended any more. */
	closes: string[];
	/** It is on disk, as far as the system is concerned. */
	done?: () => void;
}

interface DiskQueueEvents {
	/** Writing failed for this reason, and is tried again. */
	failing: (error: NodeJS.ErrnoException) => void;
	/** It succeeds again. */
	writing: () => void;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

/**
 * Writes files one after the other, in order, without anybody waiting for it. What fails is tried again at the same place of
 * the file until it succeeds, so that nothing is written twice or left out.
 */
export class DiskQueue {
	readonly #events: DiskQueueEvents;
	readonly #queue: Write[] = [];
	readonly #files = new Map<string, { handle: FileHandle | undefined; offset: number }>();
	#working: Promise<void> | undefined;
	#isFailing = false;
	readonly #closing = new AbortController();

	constructor(events: DiskQueueEvents) {
		this.#events = events;
	}

	/** Appending to that file begins there; without this, at its beginning. What lies beyond is of no worth. */
	async resume(path: string, offset: number): Promise<void> {
		await truncate(path, offset);
		this.#files.set(path, { handle: undefined, offset });
	}

	add(write: Write): void {
		if (this.#closing.signal.aborted) return;
		this.#queue.push(write);
		this.#working ??= this.#work().finally(() => {
			this.#working = undefined;
		});
	}

	/** Writes what is queued, if it can be written at once, and closes the files. Idempotent. */
	async close(): Promise<void> {
		this.#closing.abort();
		await this.#working;
		this.#queue.length = 0;
		for (const path of [...this.#files.keys()]) await this.#close(path);
	}

	async #work(): Promise<void> {
		let retryMs = FIRST_RETRY_MS;
		for (let [write] = this.#queue; write; [write] = this.#queue) {
			try {
				await this.#write(write);
			} catch (error) {
				if (!this.#isFailing) this.#events.failing(error as NodeJS.ErrnoException);
				this.#isFailing = true;
				if (this.#closing.signal.aborted) return;
				await delay(retryMs, undefined, { signal: this.#closing.signal }).catch(() => {});
				retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
				continue;
			}
			this.#queue.shift();
			retryMs = FIRST_RETRY_MS;
			if (this.#isFailing) this.#events.writing();
			this.#isFailing = false;
			write.done?.();
		}
	}

	async #write({ pieces, closes }: Write): Promise<void> {
		const ends = new Map<string, number>();
		for (const { path, bytes } of pieces) {
			const handle = await this.#open(path);
			let at = ends.get(path) ?? this.#files.get(path)?.offset ?? 0;
			for (let written = 0; written < bytes.length; ) {
				const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, at);
				written += bytesWritten;
				at += bytesWritten;
			}
			ends.set(path, at);
		}
		for (const path of closes) await this.#close(path);
		for (const [path, offset] of ends) {
			const file = this.#files.get(path);
			if (file) file.offset = offset;
		}
	}

	async #open(path: string): Promise<FileHandle> {
		const known = this.#files.get(path);
		if (known?.handle) return known.handle;
		await mkdir(dirname(path), { recursive: true });
		// Neither truncated, for what is there may be resumed, nor for appending, for a write may be repeated.
		const handle = await open(path, known ? "r+" : "w");
		this.#files.set(path, { handle, offset: known?.offset ?? 0 });
		return handle;
	}

	async #close(path: string): Promise<void> {
		const file = this.#files.get(path);
		this.#files.delete(path);
		await file?.handle?.close();
	}
}

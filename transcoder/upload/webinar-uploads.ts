import type { Logger } from "../../core/runtime/log.ts";
import type { UploadQueue } from "./upload-queue.ts";

/** One webinar's uploads, with what is under way for them. */
export class WebinarUploads {
	readonly queue: UploadQueue;
	/** Nothing follows what was added. */
	isWhole = false;
	/** It was said that a file cannot be uploaded. */
	hasLost = false;
	readonly #log: Logger;
	readonly #ending = new AbortController();
	readonly #work = new Set<Promise<void>>();
	#isSyncing = false;
	#diskFails = false;

	constructor(queue: UploadQueue, log: Logger) {
		this.queue = queue;
		this.#log = log;
	}

	/** Breaks off uploads. */
	get signal(): AbortSignal {
		return this.#ending.signal;
	}

	/** Everything is uploaded, and the disk knows. */
	get isDone(): boolean {
		return this.isWhole && !this.#isSyncing && !this.queue.needsSync && this.queue.pending === 0;
	}

	/** `work` never rejects. */
	track(work: Promise<void>): void {
		const tracked = work.finally(() => this.#work.delete(tracked));
		this.#work.add(tracked);
	}

	/** Writes and reads the queue's files, if there is something to be written or read. */
	sync(): void {
		if (!this.#isSyncing && this.queue.needsSync) this.track(this.#sync());
	}

	/** Breaks off what is under way. Resolves when nothing is. */
	async end(): Promise<void> {
		this.#ending.abort();
		await Promise.all(this.#work);
	}

	async #sync(): Promise<void> {
		this.#isSyncing = true;
		try {
			await this.queue.sync();
			this.#diskFails = false;
		} catch (err) {
			if (!this.#diskFails) this.#log.error({ err }, "the list of uploads cannot be kept; it is tried again");
			this.#diskFails = true;
		} finally {
			this.#isSyncing = false;
		}
	}
}

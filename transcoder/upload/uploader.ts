import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Registry } from "prom-client";
import type { Clock } from "../../core/runtime/clock.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { Bucket, type BucketOptions, STALLED_AFTER_MS } from "./bucket.ts";
import { ObjectDeletions } from "./object-deletions.ts";
import { backoffMs, RetryGate, type RetryPace } from "./retry-gate.ts";
import { createUploadMetrics } from "./upload-metrics.ts";
import { type QueuedFile, UploadQueue } from "./upload-queue.ts";

/** At once: what a segment of each rung needs to be gone before the next ones come. */
const PARALLEL_REQUESTS = 3;
/** How often the queues' files are written, and retries that are due looked for. */
const TICK_MS = 250;

/** Of keys, which are then the paths at the origin. */
const PUBLIC_FOLDER = "live";
/** No rule for the origin's paths leads there. */
const PRIVATE_FOLDER = "private";
/** Below a name never used for other bytes. */
const MEDIA_CACHE_CONTROL = "max-age=31536000, immutable";
/** What is final may still be deleted, and caches are to learn of it. */
const PLAYLIST_CACHE_CONTROL = "max-age=3600";

interface UploaderOptions extends BucketOptions {
	/** Of every key: empty, or with a slash at its end. */
	prefix: string;
	/** Media is in `live/:id/`, and what is to be uploaded is kept in `uploads/`. */
	dataDir: string;
	pace?: RetryPace & { stalledAfterMs: number };
}

interface UploaderDeps {
	log: Logger;
	clock: Clock;
	metrics: Registry;
	/** Whether only those with a pass may have it: a CDN that reads the bucket cannot tell. */
	isPrivate: (webinarId: string) => boolean;
}

interface Task {
	queue: UploadQueue;
	/** Its uploads are broken off. */
	ending: AbortController;
	/** What is under way for it. */
	work: Set<Promise<void>>;
	isSyncing: boolean;
	/** It was said that a file cannot be uploaded. */
	hasLost: boolean;
	/** Nothing follows what was added. */
	isWhole: boolean;
}

const defaultPace = { firstRetryMs: 1_000, longestRetryMs: 60_000, stalledAfterMs: STALLED_AFTER_MS };

/**
 * Uploads files to a bucket, under the paths they have at the origin: `PREFIXlive/:id/:rendition/:name`, private webinars' to `private` in place of `live`. It tries until each
 * is there, over restarts too, and holds up nobody: `add` only notes. While the store fails it is asked ever more seldom.
 * @throws NodeJS.ErrnoException when the data directory cannot be used
 */
export async function createUploader(options: UploaderOptions, deps: UploaderDeps): Promise<Uploader> {
	const dir = join(options.dataDir, "uploads");
	await mkdir(dir, { recursive: true });
	const bucket = await Bucket.open(options, (options.pace ?? defaultPace).stalledAfterMs);
	const folders = [PUBLIC_FOLDER, PRIVATE_FOLDER].map((folder) => `${options.prefix}${folder}/`);
	const deletions = new ObjectDeletions(dir, bucket, folders);
	await deletions.restore();
	const unfinished: string[] = [];
	for (const file of await readdir(dir)) if (file.endsWith(".queue")) unfinished.push(file.slice(0, -".queue".length));
	return new Uploader({ ...options, dir, unfinished }, { ...deps, bucket, deletions });
}

interface UploaderParts extends UploaderDeps {
	bucket: Bucket;
	deletions: ObjectDeletions;
}

export class Uploader {
	readonly #options: UploaderOptions & { dir: string };
	readonly #pace: RetryPace;
	readonly #log: Logger;
	readonly #clock: Clock;
	readonly #isPrivate: (webinarId: string) => boolean;
	readonly #bucket: Bucket;
	readonly #deletions: ObjectDeletions;
	readonly #gate: RetryGate;
	readonly #metrics: ReturnType<typeof createUploadMetrics>;
	readonly #tasks = new Map<string, Task>();
	readonly #closing = new AbortController();
	readonly #ticks: NodeJS.Timeout;
	/** Of webinars that are gone. */
	readonly #removals = new Set<Promise<void>>();
	#deleting: Promise<void> | undefined;
	/** Requests that are under way. */
	#active = 0;
	/** Whose turn it is. */
	#turn = 0;
	#diskFails = false;

	constructor(options: UploaderOptions & { dir: string; unfinished: string[] }, parts: UploaderParts) {
		this.#options = options;
		this.#pace = options.pace ?? defaultPace;
		this.#log = parts.log.child({ component: "uploader" });
		this.#clock = parts.clock;
		this.#isPrivate = parts.isPrivate;
		this.#bucket = parts.bucket;
		this.#deletions = parts.deletions;
		this.#metrics = createUploadMetrics(parts.metrics, () => this.#figures());
		this.#gate = new RetryGate(this.#pace, parts.clock, {
			failed: ({ kind }) => this.#metrics.failures.inc({ kind }),
			changed: ({ kind, ...fault }) => {
				if (kind === "refused") this.#log.error(fault, "the object store refuses uploads; they wait");
				else this.#log.warn(fault, "the object store does not answer as it should; uploads wait");
			},
			recovered: (outageMs) => {
				this.#log.info({ outageMs, pending: this.#figures().pending }, "the object store takes uploads again");
			},
		});
		for (const webinarId of options.unfinished) this.#task(webinarId).isWhole = true;
		this.#ticks = setInterval(() => this.#tick(), TICK_MS);
	}

	/**
	 * A file that is complete, by its path from the webinar's directory. Again is harmless. Final playlists come after all
	 * media, the multivariant one last.
	 */
	add(webinarId: string, path: string, contentType: string): void {
		const task = this.#task(webinarId);
		task.isWhole = path === "index.m3u8";
		const key = `${this.#isPrivate(webinarId) ? PRIVATE_FOLDER : PUBLIC_FOLDER}/${webinarId}/${path}`;
		this.#metrics.lost.inc(task.queue.add({ at: this.#clock.now(), path, key, type: contentType }));
	}

	/** The webinar is no more: nor are its objects to be. */
	remove(webinarId: string): void {
		const task = this.#tasks.get(webinarId);
		this.#tasks.delete(webinarId);
		task?.ending.abort();
		const removal = Promise.all(task?.work ?? [])
			.then(() => this.#deletions.add(webinarId))
			.catch((err) => this.#log.error({ err, webinarId }, "the objects of a deleted webinar stay"))
			.finally(() => this.#removals.delete(removal));
		this.#removals.add(removal);
	}

	/** Breaks off what is under way; the next life goes on with it. Idempotent. */
	async close(): Promise<void> {
		this.#closing.abort();
		clearInterval(this.#ticks);
		const tasks = [...this.#tasks.values()];
		for (const { ending } of tasks) ending.abort();
		await Promise.all([...tasks.flatMap(({ work }) => [...work]), ...this.#removals, this.#deleting]);
		await Promise.all(tasks.map((task) => task.queue.needsSync && this.#sync(task)));
		this.#tasks.clear();
		this.#bucket.close();
	}

	#task(webinarId: string): Task {
		const known = this.#tasks.get(webinarId);
		if (known) return known;
		const queue = new UploadQueue(this.#options.dir, webinarId);
		const task = { queue, ending: new AbortController(), work: new Set<Promise<void>>() };
		const started = { ...task, isSyncing: false, hasLost: false, isWhole: false };
		this.#tasks.set(webinarId, started);
		return started;
	}

	#tick(): void {
		for (const task of this.#tasks.values()) {
			if (task.isSyncing) continue;
			if (task.queue.needsSync) this.#inTask(task, this.#sync(task));
			else if (task.isWhole && task.queue.pending === 0) this.#tasks.delete(task.queue.webinarId);
		}
		this.#send();
	}

	#inTask(task: Task, work: Promise<void>): void {
		const tracked = work.finally(() => task.work.delete(tracked));
		task.work.add(tracked);
	}

	async #sync(task: Task): Promise<void> {
		task.isSyncing = true;
		try {
			await task.queue.sync();
			this.#diskFails = false;
		} catch (err) {
			if (!this.#diskFails) this.#log.error({ err }, "the list of uploads cannot be kept; it is tried again");
			this.#diskFails = true;
		} finally {
			task.isSyncing = false;
		}
	}

	/** As many requests as may be under way; one alone finds out whether an outage is over. */
	#send(): void {
		while (!this.#closing.signal.aborted && this.#gate.isOpen) {
			if (this.#active >= (this.#gate.fault ? 1 : PARALLEL_REQUESTS)) return;
			if (!this.#sendDeletion() && !this.#sendFile()) return;
		}
	}

	#sendDeletion(): boolean {
		if (this.#deleting || this.#deletions.pending === 0) return false;
		const { signal } = this.#closing;
		this.#deleting = this.#occupy(
			this.#gate
				.attempt(() => this.#deletions.step(signal), signal)
				.then((webinarId) => {
					this.#deleting = undefined;
					if (webinarId !== undefined) this.#log.info({ webinarId }, "the objects of a deleted webinar are gone");
				}),
		);
		return true;
	}

	/** Of one webinar after the other. */
	#sendFile(): boolean {
		const tasks = [...this.#tasks.values()];
		for (let tried = 0; tried < tasks.length; tried++) {
			const task = tasks[this.#turn++ % tasks.length];
			const file = task?.queue.take(this.#clock.now());
			if (!task || !file) continue;
			this.#inTask(task, this.#occupy(this.#upload(task, file)));
			return true;
		}
		return false;
	}

	/** `request` is one of those that may be under way. */
	async #occupy(request: Promise<void>): Promise<void> {
		this.#active++;
		await request;
		this.#active--;
		this.#send();
	}

	async #upload(task: Task, file: QueuedFile): Promise<void> {
		const { queue, ending } = task;
		const { dataDir, prefix } = this.#options;
		const body = await readFile(join(dataDir, "live", queue.webinarId, file.path)).catch(
			(error: NodeJS.ErrnoException) => error,
		);
		if (body instanceof Error) {
			if (body.code !== "ENOENT") return this.#putBack(queue, file);
			if (ending.signal.aborted) return;
			this.#metrics.lost.inc();
			const lost = { webinarId: queue.webinarId, path: file.path };
			if (!task.hasLost) this.#log.warn(lost, "a file, and maybe others, was gone before it was uploaded");
			task.hasLost = true;
			queue.finish(file);
			return;
		}
		const key = `${prefix}${file.key}`;
		const cacheControl = file.path.endsWith(".m3u8") ? PLAYLIST_CACHE_CONTROL : MEDIA_CACHE_CONTROL;
		const object = { key, body, contentType: file.type, cacheControl };
		const put = () => this.#bucket.put(object, ending.signal).then(() => true);
		if (!(await this.#gate.attempt(put, ending.signal))) return this.#putBack(queue, file);
		this.#metrics.files.inc();
		this.#metrics.bytes.inc(body.length);
		queue.finish(file);
	}

	#putBack(queue: UploadQueue, file: QueuedFile): void {
		file.failures++;
		file.notBeforeMs = this.#clock.now() + backoffMs(file.failures, this.#pace);
		queue.putBack(file);
	}

	#figures() {
		const queues = [...this.#tasks.values()].map(({ queue }) => queue);
		const oldestAt = Math.min(...queues.map((queue) => queue.oldestAt ?? Number.POSITIVE_INFINITY));
		return {
			pending: queues.reduce((sum, { pending }) => sum + pending, 0),
			oldestPendingSeconds: Number.isFinite(oldestAt) ? Math.max(0, this.#clock.now() - oldestAt) / 1000 : 0,
			refused: this.#gate.fault?.kind === "refused",
		};
	}
}

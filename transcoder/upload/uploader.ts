import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Registry } from "prom-client";
import type { Clock } from "../../core/runtime/clock.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { Bucket, type BucketOptions, STALLED_AFTER_MS } from "./bucket.ts";
import { ObjectDeletions } from "./object-deletions.ts";
import { backoffMs, RetryGate, type RetryPace } from "./retry-gate.ts";
import { createUploadMetrics } from "./upload-metrics.ts";
import { type QueuedFile, UploadQueue, unfinishedQueues } from "./upload-queue.ts";
import { WebinarUploads } from "./webinar-uploads.ts";

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
	const unfinished = await unfinishedQueues(dir);
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
	readonly #webinars = new Map<string, WebinarUploads>();
	readonly #closing = new AbortController();
	readonly #ticks: NodeJS.Timeout;
	/** Of webinars that are gone. */
	readonly #removals = new Set<Promise<void>>();
	#deleting: Promise<void> | undefined;
	/** Requests that are under way. */
	#active = 0;
	/** Whose turn it is. */
	#turn = 0;

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
		for (const webinarId of options.unfinished) this.#uploadsOf(webinarId).isWhole = true;
		this.#ticks = setInterval(() => this.#tick(), TICK_MS);
	}

	/**
	 * A file that is complete, by its path from the webinar's directory. Again is harmless. Final playlists come after all
	 * media, the multivariant one last.
	 */
	add(webinarId: string, path: string, contentType: string): void {
		const uploads = this.#uploadsOf(webinarId);
		uploads.isWhole = path === "index.m3u8";
		const key = `${this.#isPrivate(webinarId) ? PRIVATE_FOLDER : PUBLIC_FOLDER}/${webinarId}/${path}`;
		this.#metrics.lost.inc(uploads.queue.add({ at: this.#clock.now(), path, key, type: contentType }));
	}

	/** The webinar is no more: nor are its objects to be. */
	remove(webinarId: string): void {
		const ended = this.#webinars.get(webinarId)?.end();
		this.#webinars.delete(webinarId);
		const removal = Promise.resolve(ended)
			.then(() => this.#deletions.add(webinarId))
			.catch((err) => this.#log.error({ err, webinarId }, "the objects of a deleted webinar stay"))
			.finally(() => this.#removals.delete(removal));
		this.#removals.add(removal);
	}

	/** Breaks off what is under way; the next life goes on with it. Idempotent. */
	async close(): Promise<void> {
		this.#closing.abort();
		clearInterval(this.#ticks);
		const webinars = [...this.#webinars.values()];
		await Promise.all([...webinars.map((uploads) => uploads.end()), ...this.#removals, this.#deleting]);
		for (const uploads of webinars) uploads.sync();
		await Promise.all(webinars.map((uploads) => uploads.end()));
		this.#webinars.clear();
		this.#bucket.close();
	}

	#uploadsOf(webinarId: string): WebinarUploads {
		const known = this.#webinars.get(webinarId);
		if (known) return known;
		const queue = new UploadQueue(this.#options.dir, webinarId);
		const uploads = new WebinarUploads(queue, this.#log.child({ webinarId }));
		this.#webinars.set(webinarId, uploads);
		return uploads;
	}

	#tick(): void {
		for (const [webinarId, uploads] of this.#webinars) {
			uploads.sync();
			if (uploads.isDone) this.#webinars.delete(webinarId);
		}
		this.#send();
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
		const webinars = [...this.#webinars.values()];
		for (let tried = 0; tried < webinars.length; tried++) {
			const uploads = webinars[this.#turn++ % webinars.length];
			const file = uploads?.queue.take(this.#clock.now());
			if (!uploads || !file) continue;
			uploads.track(this.#occupy(this.#upload(uploads, file)));
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

	async #upload(uploads: WebinarUploads, file: QueuedFile): Promise<void> {
		const { queue, signal } = uploads;
		const { dataDir, prefix } = this.#options;
		const body = await readFile(join(dataDir, "live", queue.webinarId, file.path)).catch(
			(error: NodeJS.ErrnoException) => error,
		);
		if (body instanceof Error) {
			if (body.code !== "ENOENT") return this.#putBack(queue, file);
			if (signal.aborted) return;
			this.#metrics.lost.inc();
			const lost = { webinarId: queue.webinarId, path: file.path };
			if (!uploads.hasLost) this.#log.warn(lost, "a file, and maybe others, was gone before it was uploaded");
			uploads.hasLost = true;
			queue.finish(file);
			return;
		}
		const key = `${prefix}${file.key}`;
		const cacheControl = file.path.endsWith(".m3u8") ? PLAYLIST_CACHE_CONTROL : MEDIA_CACHE_CONTROL;
		const object = { key, body, contentType: file.type, cacheControl };
		const put = () => this.#bucket.put(object, signal).then(() => true);
		if (!(await this.#gate.attempt(put, signal))) return this.#putBack(queue, file);
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
		const queues = [...this.#webinars.values()].map(({ queue }) => queue);
		const oldestAt = Math.min(...queues.map((queue) => queue.oldestAt ?? Number.POSITIVE_INFINITY));
		return {
			pending: queues.reduce((sum, { pending }) => sum + pending, 0),
			oldestPendingSeconds: Number.isFinite(oldestAt) ? Math.max(0, this.#clock.now() - oldestAt) / 1000 : 0,
			refused: this.#gate.fault?.kind === "refused",
		};
	}
}

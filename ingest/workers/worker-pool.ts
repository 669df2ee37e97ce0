import { rm } from "node:fs/promises";
import { AppError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { Thread } from "./thread.ts";
import type { MainToWorker, WorkerToMain } from "./worker-messages.ts";

export interface WorkerPoolOptions {
	workers: number;
	/** Beyond these a worker takes no more. */
	sessionsPerWorker: number;
	/** Each worker's feed listens beside it, under a name of its own. */
	feedPath: string;
}

export interface WorkerPoolListener {
	/** A thread has begun; its number is never used again. */
	onStarted(worker: number): void;
	onMessage(worker: number, message: WorkerToMain): void;
	/** It died, and its rooms with it; another one begins in its place. */
	onLost(worker: number): void;
}

interface Member {
	thread: Thread<MainToWorker, WorkerToMain>;
	feedPath: string;
	sessions: number;
}

/** Two losses in so short a time are likely to have one cause, and the next worker the same fate. */
const RESTART_INTERVAL_MS = 1_000;

/** Nobody waits for those that begin later. */
const unwatched = { ready() {}, failed() {} };

/** The media workers, and which of them has which room. */
export class WorkerPool {
	readonly #options: WorkerPoolOptions;
	readonly #listener: WorkerPoolListener;
	readonly #log: Logger;
	readonly #members = new Map<number, Member>();
	/** By webinar. */
	readonly #rooms = new Map<string, { worker: number; sessions: number }>();
	readonly #restarts = new Set<NodeJS.Timeout>();
	#lastWorker = 0;
	#lastLossMs = Number.NEGATIVE_INFINITY;
	#closing = false;

	constructor(options: WorkerPoolOptions, listener: WorkerPoolListener, log: Logger) {
		this.#options = options;
		this.#listener = listener;
		this.#log = log;
	}

	/** Waits until every worker's feed can be asked. */
	async start(): Promise<void> {
		await Promise.all(Array.from({ length: this.#options.workers }, () => this.#startFirst()));
	}

	post(worker: number, message: MainToWorker): void {
		const transfer = message.type === "attach" ? [message.end.port] : [];
		this.#members.get(worker)?.thread.post(message, transfer);
	}

	/** The worker that has the webinar's room. */
	workerOf(webinarId: string): number | undefined {
		return this.#rooms.get(webinarId)?.worker;
	}

	get workers(): number[] {
		return [...this.#members.keys()];
	}

	/**
	 * The worker that has the webinar's room, counting one more session of it.
	 * @throws AppError server-busy
	 */
	take(webinarId: string): number {
		const room = this.#rooms.get(webinarId);
		const worker = room?.worker ?? this.#leastLoaded();
		const member = worker === undefined ? undefined : this.#members.get(worker);
		if (worker === undefined || !member || member.sessions >= this.#options.sessionsPerWorker)
			throw new AppError("server-busy");
		member.sessions++;
		this.#rooms.set(webinarId, { worker, sessions: (room?.sessions ?? 0) + 1 });
		return worker;
	}

	/** Counts one session less of a room that `worker` had. */
	release(webinarId: string, worker: number): void {
		const room = this.#rooms.get(webinarId);
		const member = this.#members.get(worker);
		if (room?.worker !== worker || !member) return;
		member.sessions--;
		room.sessions--;
		if (room.sessions === 0) this.#rooms.delete(webinarId);
	}

	feedPath(worker: number): string | undefined {
		return this.#members.get(worker)?.feedPath;
	}

	async close(): Promise<void> {
		this.#closing = true;
		for (const timer of this.#restarts) clearTimeout(timer);
		await Promise.all([...this.#members.values()].map(({ thread }) => thread.stop()));
		this.#members.clear();
	}

	#startFirst(): Promise<void> {
		return new Promise((ready, failed) => this.#start({ ready, failed }));
	}

	#start({ ready, failed }: { ready(): void; failed(error: unknown): void }): void {
		const worker = ++this.#lastWorker;
		const feedPath = `${this.#options.feedPath}.${worker}`;
		const thread = new Thread<MainToWorker, WorkerToMain>(new URL("./media-worker.ts", import.meta.url), {
			data: { feedPath },
			log: this.#log,
			onMessage: (message) => {
				if (message.type === "ready") ready();
				else this.#listener.onMessage(worker, message);
			},
			onLost: (error) => {
				failed(error);
				this.#lost(worker, error);
			},
		});
		this.#members.set(worker, { thread, feedPath, sessions: 0 });
		this.#listener.onStarted(worker);
	}

	#lost(worker: number, err: unknown): void {
		const member = this.#members.get(worker);
		if (!member || this.#closing) return;
		this.#log.error({ err, worker }, "a media worker was lost");
		this.#members.delete(worker);
		for (const [webinarId, room] of this.#rooms) if (room.worker === worker) this.#rooms.delete(webinarId);
		rm(member.feedPath, { force: true }).catch(() => {});
		const now = performance.now();
		if (now - this.#lastLossMs >= RESTART_INTERVAL_MS) this.#start(unwatched);
		else this.#startLater();
		this.#lastLossMs = now;
		this.#listener.onLost(worker);
	}

	#startLater(): void {
		const timer = setTimeout(() => {
			this.#restarts.delete(timer);
			this.#start(unwatched);
		}, RESTART_INTERVAL_MS);
		this.#restarts.add(timer);
	}

	#leastLoaded(): number | undefined {
		let least: number | undefined;
		let sessions = Number.POSITIVE_INFINITY;
		for (const [worker, member] of this.#members) {
			if (member.sessions >= sessions) continue;
			least = worker;
			sessions = member.sessions;
		}
		return least;
	}
}

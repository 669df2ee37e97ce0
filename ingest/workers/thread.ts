import { type Transferable, Worker } from "node:worker_threads";
import type { Logger } from "../../core/runtime/log.ts";
import { type LogMessage, logAgain } from "./thread-log.ts";

/** What every thread of ingest is told at its start. */
export interface ThreadData {
	logLevel: string;
}

/** A thread that does not end by itself when it is told to. */
const STOP_DEADLINE_MS = 2_000;

/**
 * Of each thread's heap. Packets live in buffers outside of it, and next to nothing else outlives a scavenge; V8's own 48
 * MiB would be filled before the first, and the system gets little of it back.
 */
const YOUNG_GENERATION_MIB = 12;

/** A thread of ingest: it takes messages of type `In`, with `{type: "stop"}` as the last, and sends those of type `Out`. */
export class Thread<In extends object, Out extends object> {
	readonly #worker: Worker;
	readonly #ended: Promise<void>;
	#stopping = false;

	constructor(
		entry: URL,
		{
			data,
			log,
			onMessage,
			onLost,
		}: {
			data: object;
			log: Logger;
			onMessage(message: Out): void;
			/** Once, when it has ended without being told to. */
			onLost(error: unknown): void;
		},
	) {
		const workerData = { ...data, logLevel: log.level };
		const worker = new Worker(entry, {
			workerData,
			resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
		});
		this.#worker = worker;
		let failure: unknown;
		worker.on("message", (message: Out | LogMessage) => {
			if ("type" in message && message.type === "log") logAgain(log, message as LogMessage);
			else if (!this.#stopping) onMessage(message as Out);
		});
		worker.on("error", (error) => {
			failure = error;
		});
		this.#ended = new Promise((done) => {
			worker.on("exit", (code) => {
				if (!this.#stopping) onLost(failure ?? new Error(`a thread has ended with ${code}`));
				done();
			});
		});
	}

	post(message: In, transfer: readonly Transferable[] = []): void {
		if (!this.#stopping) this.#worker.postMessage(message, transfer);
	}

	/** Ends it; what it has open it closes first. Idempotent. */
	async stop(): Promise<void> {
		if (!this.#stopping) this.#worker.postMessage({ type: "stop" });
		this.#stopping = true;
		const deadline = setTimeout(() => void this.#worker.terminate(), STOP_DEADLINE_MS);
		await this.#ended;
		clearTimeout(deadline);
	}
}

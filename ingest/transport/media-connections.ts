import type { Logger } from "../../core/runtime/log.ts";
import type { DoorToWorker, WorkerToDoor } from "./door-messages.ts";
import type { MediaConnection } from "./media-connection.ts";
import { type ChannelEnd, ThreadChannel } from "./thread-channel.ts";

/** More than any link carries, and the SRTP tag. */
const SCRATCH_BYTES = 2048;
const LIVENESS_CHECK_MS = 1_000;
/** Messages of the door for connections that are not open yet, or not any more. */
const MAX_EARLY = 1_000;

/** All connections of one media worker, and their way to the door. */
export class MediaConnections {
	readonly #connections = new Map<string, MediaConnection>();
	readonly #log: Logger;
	readonly #liveness: NodeJS.Timeout;
	#door: ThreadChannel<DoorToWorker, WorkerToDoor> | undefined;
	#scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
	/**
	 * What the door told of connections that the main thread has not opened yet: a peer may be faster than a busy worker.
	 * Without its path a connection would send everything by the door for good.
	 */
	#early: DoorToWorker[] = [];
	/** Of the last second but one. */
	#earlier: DoorToWorker[] = [];

	constructor({ log }: { log: Logger }) {
		this.#log = log;
		this.#liveness = setInterval(() => this.#checkLiveness(), LIVENESS_CHECK_MS);
	}

	/** Where packets are written before they are sent; one at a time, so it is everyone's. */
	get scratch(): Buffer {
		return this.#scratch;
	}

	/** What was written is not sent yet. */
	renewScratch(): void {
		this.#scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
	}

	/** Another door takes the place of the earlier. */
	attach(end: ChannelEnd): void {
		this.#door?.close();
		this.#door = new ThreadChannel(end, (message) => {
			const connection = this.#connections.get(message.connection);
			if (connection) this.#tell(connection, message);
			else if (message.type !== "datagram" && this.#early.length < MAX_EARLY) this.#early.push(message);
		});
	}

	add(connection: MediaConnection): void {
		this.#connections.set(connection.name, connection);
		const isIts = (message: DoorToWorker) => message.connection === connection.name;
		const early = [...this.#earlier, ...this.#early].filter(isIts);
		if (early.length === 0) return;
		this.#early = this.#early.filter((message) => !isIts(message));
		this.#earlier = this.#earlier.filter((message) => !isIts(message));
		// Its owner is still being made.
		queueMicrotask(() => {
			for (const message of early) this.#tell(connection, message);
		});
	}

	remove(connection: MediaConnection): void {
		this.#connections.delete(connection.name);
	}

	/** To the door. */
	tell(message: Extract<WorkerToDoor, { type: "nomination" }>): void {
		this.#door?.post(message);
	}

	/** To the door; `message.data` of one's own buffer is not to be used any more. */
	relay(message: Exclude<WorkerToDoor, { type: "nomination" }>): void {
		this.#door?.relay(message);
	}

	close(): void {
		clearInterval(this.#liveness);
		for (const connection of [...this.#connections.values()]) connection.close();
		this.#door?.close();
	}

	#tell(connection: MediaConnection, message: DoorToWorker): void {
		try {
			connection.onDoorMessage(message);
		} catch (err) {
			this.#log.warn({ err, type: message.type }, "a message of the door could not be handled");
		}
	}

	#checkLiveness(): void {
		this.#earlier = this.#early;
		this.#early = [];
		for (const connection of [...this.#connections.values()]) connection.checkLiveness();
	}
}

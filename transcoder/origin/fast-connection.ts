import type { Socket } from "node:net";
import type { AppError } from "../../core/runtime/errors.ts";
import { type Answer, problemAnswer } from "./answer.ts";
import type { Asker } from "./blocked-requests.ts";
import type { LiveRequest } from "./live-request.ts";
import type { OpenFiles } from "./open-files.ts";
import { parseHead } from "./request-head.ts";

/** What a connection is part of. */
export interface Lane {
	readonly files: OpenFiles;
	/** Of no progress, after which a reader is given up. */
	readonly stallMs: number;
	/** The answer that is under way is the last of its connection. */
	readonly closing: boolean;
	/** Header lines of this moment. */
	lines(): string;
	/** Returns what it may have to wait for. */
	ask(request: LiveRequest, asker: Asker): { forget(asker: Asker): void } | undefined;
	/** It has changed its state; a new one comes from `gone`. */
	moved(connection: FastConnection, from: ConnectionState, to: ConnectionState): void;
	answered(answer: Answer): void;
	stalled(): void;
	/** Gives the socket, of which `bytes` were read, to the ordinary server. */
	handOver(socket: Socket, bytes: Buffer): void;
}

/** `asking`: a head has not wholly come. `waiting`: for its answer. `sending`: it has not wholly taken its answer. */
export type ConnectionState = "asking" | "waiting" | "sending" | "idle" | "gone";

/** Longer heads are left to the ordinary server. */
const MAX_HEAD_BYTES = 8 * 1024;
/** So much may come while an answer is on its way. */
const MAX_AHEAD_BYTES = 16 * 1024;
/** Larger bodies are written beside their head: a second copy of every part would be the most of the origin's memory. */
const ONE_BUFFER_BYTES = 16 * 1024;

const END_OF_HEAD = "\r\n\r\n";

/** One connection in the fast lane: reads a request, has it answered, and only then looks at the next. */
export class FastConnection implements Asker {
	readonly #socket: Socket;
	readonly #lane: Lane;
	readonly #listeners: Record<string, (chunk: Buffer) => void>;
	#state: ConnectionState = "asking";
	/** Read, but not understood yet. */
	#bytes: Buffer | undefined;
	#request: LiveRequest | undefined;
	#awaited: { forget(asker: Asker): void } | undefined;
	/** The client has ended its side. */
	#ended = false;

	constructor(socket: Socket, lane: Lane) {
		this.#socket = socket;
		this.#lane = lane;
		this.#listeners = {
			data: (chunk) => this.#read(chunk),
			end: () => this.#finish(),
			timeout: () => this.#stall(),
			error: () => {}, // its close follows
			close: () => this.#moveTo("gone"),
		};
		for (const [event, listener] of Object.entries(this.#listeners)) socket.on(event, listener);
		lane.moved(this, "gone", "asking");
	}

	drop(): void {
		this.#socket.destroy();
	}

	take(choice: Answer): void {
		const socket = this.#socket;
		if (socket.destroyed || !this.#request) return;
		const { acceptsGzip, isHead } = this.#request;
		const answer = choice.for(acceptsGzip);
		if (answer.file && !isHead) {
			this.#sendFile(answer, answer.file).catch(() => socket.destroy());
			return;
		}
		this.#lane.answered(answer);
		const lines = this.#lane.lines();
		if (isHead || answer.length === 0) socket.write(answer.head(lines), this.#onSent);
		else if (answer.length <= ONE_BUFFER_BYTES) socket.write(answer.message(lines), this.#onSent);
		else {
			socket.cork();
			socket.write(answer.head(lines));
			for (const chunk of answer.chunks.slice(0, -1)) socket.write(chunk);
			socket.write(answer.chunks.at(-1) as Buffer, this.#onSent);
			socket.uncork();
		}
		if (socket.writableLength > 0) this.#sendSlowly();
	}

	#read(chunk: Buffer): void {
		this.#bytes = this.#bytes ? Buffer.concat([this.#bytes, chunk]) : chunk;
		if (this.#state === "idle" || this.#state === "asking") this.#next();
		else if (this.#bytes.length > MAX_AHEAD_BYTES) this.#socket.pause();
	}

	#next(): void {
		const bytes = this.#bytes;
		if (this.#socket.isPaused() && (bytes?.length ?? 0) <= MAX_AHEAD_BYTES) this.#socket.resume();
		if (!bytes) {
			this.#moveTo("idle");
			return;
		}
		const end = bytes.indexOf(END_OF_HEAD, 0, "latin1");
		if (end < 0) {
			if (bytes.length <= MAX_HEAD_BYTES && mayBecomeHead(bytes)) this.#moveTo("asking");
			else this.#handOver(bytes);
			return;
		}
		const length = end + END_OF_HEAD.length;
		const request = length <= MAX_HEAD_BYTES ? parseHead(bytes.toString("latin1", 0, length)) : undefined;
		if (!request) {
			this.#handOver(bytes);
			return;
		}
		this.#bytes = bytes.length > length ? bytes.subarray(length) : undefined;
		this.#request = request;
		this.#moveTo("waiting");
		this.#awaited = this.#lane.ask(request, this);
	}

	readonly #onSent = (error?: Error | null): void => {
		if (error) return; // its close follows
		if (this.#state === "sending") this.#socket.setTimeout(0);
		this.#request = undefined;
		this.#awaited = undefined;
		if (this.#ended || this.#lane.closing) this.#socket.end();
		else this.#next();
	};

	#sendSlowly(): void {
		if (this.#state === "sending") return;
		this.#socket.setTimeout(this.#lane.stallMs);
		this.#moveTo("sending");
	}

	async #sendFile(answer: Answer, range: NonNullable<Answer["file"]>): Promise<void> {
		this.#sendSlowly();
		const file = await this.#lane.files.open(range).catch((error: AppError) => error);
		if (file instanceof Error) return this.take(problemAnswer(file));
		try {
			this.#lane.answered(answer);
			await this.#write(answer.head(this.#lane.lines()));
			for await (const chunk of file.chunks()) await this.#write(chunk);
		} finally {
			await file.close();
		}
		this.#onSent();
	}

	#write(chunk: Buffer): Promise<void> {
		return new Promise((resolve, reject) => {
			this.#socket.write(chunk, (error) => (error ? reject(error) : resolve()));
		});
	}

	/** The client asks nothing more, and does not wait for what is not there yet. */
	#finish(): void {
		this.#ended = true;
		if (this.#state === "sending") return;
		this.#awaited?.forget(this);
		this.#socket.end();
	}

	#stall(): void {
		this.#lane.stalled();
		this.#socket.destroy();
	}

	#handOver(bytes: Buffer): void {
		for (const [event, listener] of Object.entries(this.#listeners)) this.#socket.off(event, listener);
		this.#moveTo("gone");
		this.#lane.handOver(this.#socket, bytes);
	}

	#moveTo(state: ConnectionState): void {
		if (this.#state === state) return;
		if (state === "gone") this.#awaited?.forget(this);
		const from = this.#state;
		this.#state = state;
		this.#lane.moved(this, from, state);
	}
}

/** Of any request, so that all who are slow to ask are in one queue. What cannot become one is refused by the server at once. */
function mayBecomeHead(bytes: Buffer): boolean {
	const text = bytes.toString("latin1");
	return /^[A-Z]/.test(text) && !/(?:^|[^\r])\n/.test(text);
}

import { connect, type Socket } from "node:net";
import type { Logger } from "pino";
import type { FeedRequest, ProgrammeRequest } from "../core/protocol/feed.ts";
import { FrameReader, framed } from "./stream-framing.ts";

/**
 * What an answer of ingest's means. `begin`: the request was taken, and this is called once packets can be sent. `redirect`:
 * the path of the socket to ask instead.
 */
export type Answered = { begin: () => void } | { redirect: string } | "refused";

export interface IngestConnectionEvents {
	/** The first that ingest says to a request; undefined for what is no JSON, or too much. */
	answered: (answer: unknown) => Answered;
	/** From then on, until it is lost. */
	packet: (packet: Buffer) => void;
	/** No more, after it was taken; it is asked for again. */
	lost: () => void;
}

interface IngestConnectionOptions {
	/** Where ingest's feed listens. */
	feedPath: string;
	request: FeedRequest | ProgrammeRequest;
	/** What ingest does not take in time is of no use to it later. */
	maxWaitingBytes: number;
}

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 1000;
const MAX_ANSWER_BYTES = 16 * 1024;
/** As many as are read at once. */
const READ_BYTES = 64 * 1024;

/** Asks ingest for a stream of packets, either way, again and again until it is closed (see core/protocol/feed.ts). */
export class IngestConnection {
	readonly #options: IngestConnectionOptions;
	readonly #log: Logger;
	readonly #events: IngestConnectionEvents;
	#socket: Socket | undefined;
	#taken = false;
	#retryMs = FIRST_RETRY_MS;
	#retryTimer: NodeJS.Timeout | undefined;
	#closed = false;

	constructor(options: IngestConnectionOptions, { log, events }: { log: Logger; events: IngestConnectionEvents }) {
		this.#options = options;
		this.#log = log;
		this.#events = events;
		this.#connect(options.feedPath);
	}

	/** All of the packets; or none of them, and false, while ingest does not take any or does not keep up. */
	send(packets: readonly Buffer[]): boolean {
		const socket = this.#socket;
		if (!this.#taken || !socket || socket.writableLength > this.#options.maxWaitingBytes) return false;
		socket.cork();
		for (const packet of packets) socket.write(framed(packet));
		socket.uncork();
		return true;
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#retryTimer);
		this.#socket?.destroy();
	}

	#connect(path: string): void {
		const { request, feedPath } = this.#options;
		const reader = new FrameReader();
		const read = (length: number, buffer: Uint8Array) => {
			for (const packet of reader.push((buffer as Buffer).subarray(0, length))) {
				if (this.#closed || socket.destroyed) return false;
				if (this.#taken) this.#events.packet(packet);
				else this.#answer(packet, { redirected: path !== feedPath });
			}
			return true;
		};
		// A stream of chunks costs five times this for each of a thousand packets a second.
		const socket = connect({ path, onread: { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback: read } });
		this.#socket = socket;
		socket.on("connect", () => socket.write(framed(Buffer.from(JSON.stringify(request)))));
		socket.on("error", (error) => this.#log.debug({ err: error }, "the connection to ingest failed"));
		socket.on("end", () => socket.destroy());
		socket.on("close", () => {
			if (this.#socket === socket) this.#lost();
		});
	}

	#answer(packet: Buffer, { redirected }: { redirected: boolean }): void {
		const answered = this.#events.answered(parseJson(packet));
		if (answered !== "refused" && "begin" in answered) {
			this.#taken = true;
			this.#retryMs = FIRST_RETRY_MS;
			answered.begin();
			return;
		}
		this.#socket?.destroy();
		if (answered !== "refused" && !redirected) this.#connect(answered.redirect);
	}

	#lost(): void {
		if (this.#closed) return;
		if (this.#taken) {
			this.#taken = false;
			this.#events.lost();
		}
		this.#retryTimer = setTimeout(() => this.#connect(this.#options.feedPath), this.#retryMs);
		this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
	}
}

function parseJson(packet: Buffer): unknown {
	if (packet.length > MAX_ANSWER_BYTES) return undefined;
	try {
		return JSON.parse(packet.toString("utf8"));
	} catch {
		return undefined;
	}
}

import { connect, type Socket } from "node:net";
import type { Logger } from "pino";
import { type ProgrammeRequest, programmeAnswerSchema } from "../../core/protocol/feed.ts";
import { FrameReader, framed } from "../stream-framing.ts";

export interface PreviewConnectionEvents {
	/** Ingest takes packets from now on. */
	accepted: () => void;
	/** No more until it is accepted again. */
	lost: () => void;
}

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 1000;
/** Half a second of picture and sound: what ingest does not take in time is of no use to a preview. */
const MAX_WAITING_BYTES = 128 * 1024;

/** Sends the programme's packets to ingest, which is asked again and again until it is closed (see core/protocol/feed.ts). */
export class PreviewConnection {
	readonly #feedPath: string;
	readonly #request: ProgrammeRequest;
	readonly #log: Logger;
	readonly #events: PreviewConnectionEvents;
	#socket: Socket | undefined;
	#accepted = false;
	#retryMs = FIRST_RETRY_MS;
	#retryTimer: NodeJS.Timeout | undefined;
	#closed = false;

	constructor(
		{ feedPath, request }: { feedPath: string; request: ProgrammeRequest },
		{ log, events }: { log: Logger; events: PreviewConnectionEvents },
	) {
		this.#feedPath = feedPath;
		this.#request = request;
		this.#log = log;
		this.#events = events;
		this.#connect(feedPath);
	}

	/** All packets of a frame, or false and none of them where ingest does not keep up. */
	send(packets: readonly Buffer[]): boolean {
		const socket = this.#socket;
		if (!this.#accepted || !socket || socket.writableLength > MAX_WAITING_BYTES) return false;
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
		const reader = new FrameReader();
		const socket = connect(path);
		this.#socket = socket;
		socket.on("connect", () => socket.write(framed(Buffer.from(JSON.stringify(this.#request)))));
		socket.on("data", (chunk) => {
			for (const packet of reader.push(chunk)) {
				if (this.#closed || this.#accepted || socket.destroyed) return;
				this.#onAnswer(packet, { redirected: path !== this.#feedPath });
			}
		});
		socket.on("error", (error) => this.#log.debug({ err: error }, "the preview's connection failed"));
		socket.on("end", () => socket.destroy());
		socket.on("close", () => {
			if (this.#socket === socket) this.#lost();
		});
	}

	#onAnswer(packet: Buffer, { redirected }: { redirected: boolean }): void {
		const answer = programmeAnswerSchema.safeParse(parseJson(packet)).data;
		if (answer && "accepted" in answer) {
			this.#accepted = true;
			this.#retryMs = FIRST_RETRY_MS;
			this.#log.info("the preview is watched");
			this.#events.accepted();
		} else if (answer && "redirect" in answer && !redirected) {
			this.#socket?.destroy();
			this.#connect(answer.redirect);
		} else this.#socket?.destroy();
	}

	#lost(): void {
		if (this.#closed) return;
		if (this.#accepted) {
			this.#accepted = false;
			this.#log.info("the preview is watched no more");
			this.#events.lost();
		}
		this.#retryTimer = setTimeout(() => this.#connect(this.#feedPath), this.#retryMs);
		this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
	}
}

function parseJson(packet: Buffer): unknown {
	try {
		return JSON.parse(packet.toString("utf8"));
	} catch {
		return undefined;
	}
}

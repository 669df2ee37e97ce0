import { connect, type Socket } from "node:net";
import type { Logger } from "pino";
import { type FeedRequest, type FeedTrack, feedDescriptionSchema } from "../../core/protocol/feed.ts";
import { FrameReader, framed } from "../stream-framing.ts";

export interface FeedEvents {
	/** A publisher is there; its packets follow. Again after every time the feed was lost. */
	described: (tracks: FeedTrack[]) => void;
	packet: (packet: Buffer) => void;
	/** No more packets until it is described again. */
	lost: () => void;
}

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 1000;
/** RTCP waits for nothing: what ingest does not take now is let go. */
const MAX_WAITING_BYTES = 16 * 1024;
/** As many as are read at once. */
const READ_BYTES = 64 * 1024;
const MAX_DESCRIPTION_BYTES = 16 * 1024;

/** Pulls one publisher's packets from ingest, again and again until it is closed (see core/protocol/feed.ts). */
export class FeedConnection {
	readonly #feedPath: string;
	readonly #request: FeedRequest;
	readonly #log: Logger;
	readonly #events: FeedEvents;
	#socket: Socket | undefined;
	#described = false;
	#retryMs = FIRST_RETRY_MS;
	#retryTimer: NodeJS.Timeout | undefined;
	#closed = false;

	constructor(
		{ feedPath, request }: { feedPath: string; request: FeedRequest },
		{ log, events }: { log: Logger; events: FeedEvents },
	) {
		this.#feedPath = feedPath;
		this.#request = request;
		this.#log = log;
		this.#events = events;
		this.#connect(feedPath);
	}

	/** Sends RTCP to the publisher, while it is there. */
	send(rtcp: Buffer): void {
		if (this.#described && this.#socket && this.#socket.writableLength < MAX_WAITING_BYTES)
			this.#socket.write(framed(rtcp));
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#retryTimer);
		this.#socket?.destroy();
	}

	#connect(path: string): void {
		const reader = new FrameReader();
		const read = (length: number, buffer: Uint8Array) => {
			for (const packet of reader.push((buffer as Buffer).subarray(0, length))) {
				if (this.#closed || socket.destroyed) return false;
				if (this.#described) this.#events.packet(packet);
				else this.#describe(packet, { redirected: path !== this.#feedPath });
			}
			return true;
		};
		// A stream of chunks costs five times this for each of a thousand packets a second.
		const socket = connect({ path, onread: { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback: read } });
		this.#socket = socket;
		socket.on("connect", () => socket.write(framed(Buffer.from(JSON.stringify(this.#request)))));
		socket.on("error", (error) => this.#log.debug({ err: error }, "feed failed"));
		socket.on("end", () => socket.destroy());
		socket.on("close", () => {
			if (this.#socket === socket) this.#lost();
		});
	}

	#describe(packet: Buffer, { redirected }: { redirected: boolean }): void {
		const description = feedDescriptionSchema.safeParse(parseJson(packet));
		if (!description.success) {
			this.#log.warn("ingest's description of a feed cannot be read");
			this.#socket?.destroy();
		} else if ("tracks" in description.data) {
			this.#described = true;
			this.#retryMs = FIRST_RETRY_MS;
			this.#log.info({ tracks: description.data.tracks.map(({ codec }) => codec) }, "feed begins");
			this.#events.described(description.data.tracks);
		} else if ("redirect" in description.data && !redirected) {
			this.#socket?.destroy();
			this.#connect(description.data.redirect);
		} else {
			this.#log.debug(description.data, "no feed yet");
			this.#socket?.destroy();
		}
	}

	#lost(): void {
		if (this.#closed) return;
		if (this.#described) {
			this.#described = false;
			this.#log.info("feed lost");
			this.#events.lost();
		}
		this.#retryTimer = setTimeout(() => this.#connect(this.#feedPath), this.#retryMs);
		this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
	}
}

function parseJson(packet: Buffer): unknown {
	if (packet.length > MAX_DESCRIPTION_BYTES) return undefined;
	try {
		return JSON.parse(packet.toString("utf8"));
	} catch {
		return undefined;
	}
}

import { PassThrough, type Readable } from "node:stream";

export const playbackEvents = ["active", "inactive", "layers", "viewercount"] as const;
export type PlaybackEvent = (typeof playbackEvents)[number];

/** So that proxies do not take a quiet stream for a dead one. */
const HEARTBEAT_MS = 15_000;
/** A reader that is this far behind is disconnected; it gets the newest of each event when it comes back. */
const MAX_UNREAD_BYTES = 64 * 1024;

/**
 * Server-sent events to one player. Every event tells how things are now, so an older one that nobody has read gives way
 * to a newer one: what waits is bounded, and a player that reconnects is up to date at once.
 */
export class EventStream {
	readonly #wanted: ReadonlySet<PlaybackEvent>;
	readonly #waiting = new Map<PlaybackEvent, string>();
	#connection: { body: PassThrough; heartbeat: NodeJS.Timeout } | undefined;

	constructor(wanted: readonly PlaybackEvent[]) {
		this.#wanted = new Set(wanted);
	}

	tell(event: PlaybackEvent, data: object): void {
		if (!this.#wanted.has(event)) return;
		if (event === "active") this.#waiting.delete("inactive");
		if (event === "inactive") this.#waiting.delete("active");
		this.#waiting.delete(event);
		this.#waiting.set(event, `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
		this.#flush();
	}

	/** The body of an answer that lasts until either end closes it. It takes the place of an earlier one. */
	connect(): Readable {
		this.#disconnect();
		const body = new PassThrough();
		const heartbeat = setInterval(() => body.write(":\n\n"), HEARTBEAT_MS);
		const connection = { body, heartbeat };
		this.#connection = connection;
		body.on("close", () => {
			clearInterval(heartbeat);
			if (this.#connection === connection) this.#connection = undefined;
		});
		// The headers go out with the first bytes, and a player waits for them.
		body.write(":\n\n");
		this.#flush();
		return body;
	}

	close(): void {
		this.#disconnect();
		this.#waiting.clear();
	}

	#flush(): void {
		const body = this.#connection?.body;
		if (!body) return;
		if (body.writableLength + body.readableLength > MAX_UNREAD_BYTES) {
			body.destroy();
			return;
		}
		for (const text of this.#waiting.values()) body.write(text);
		this.#waiting.clear();
	}

	#disconnect(): void {
		if (!this.#connection) return;
		clearInterval(this.#connection.heartbeat);
		this.#connection.body.end();
		this.#connection = undefined;
	}
}

import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import type { FeedRequest } from "../../core/protocol/feed.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { Publisher } from "../sfu/publisher.ts";
import { FeedConnection } from "./feed-connection.ts";

/** Hands publishers' RTP to transcoders over a UNIX socket, which its owner alone may open. */
export class FeedServer {
	readonly #server: Server;
	readonly #connections = new Set<FeedConnection>();

	private constructor(find: (request: FeedRequest) => Publisher | undefined, log: Logger) {
		this.#server = createServer((socket) => {
			const connection = new FeedConnection(socket, find, log);
			this.#connections.add(connection);
			socket.once("close", () => this.#connections.delete(connection));
		});
		this.#server.on("error", (err) => log.error({ err }, "feed server"));
	}

	/** A socket file left behind at `path` by an earlier run is replaced. */
	static async listen(
		path: string,
		find: (request: FeedRequest) => Publisher | undefined,
		log: Logger,
	): Promise<FeedServer> {
		await rm(path, { force: true });
		const feed = new FeedServer(find, log);
		const listening = once(feed.#server, "listening");
		feed.#server.listen(path);
		await listening;
		await chmod(path, 0o600);
		return feed;
	}

	/** Transcoders connected now. */
	get connections(): number {
		return this.#connections.size;
	}

	async close(): Promise<void> {
		const closed = new Promise<void>((done) => this.#server.close(() => done()));
		for (const connection of this.#connections) connection.close();
		await closed;
	}
}

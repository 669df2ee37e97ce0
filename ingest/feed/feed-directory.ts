import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import type { FeedDescription, ProgrammeAnswer } from "../../core/protocol/feed.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { type AnyFeedRequest, answerFrame, readRequest } from "./feed-request.ts";

/** Says to transcoders which worker's feed has a publisher or takes a programme, over a UNIX socket, which its owner alone may open. */
export class FeedDirectory {
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();
	readonly #find: (request: AnyFeedRequest) => string | undefined;
	readonly #log: Logger;

	private constructor(find: (request: AnyFeedRequest) => string | undefined, log: Logger) {
		this.#find = find;
		this.#log = log;
		this.#server = createServer((socket) => this.#onConnection(socket));
	}

	/** A socket file left behind at `path` by an earlier run is replaced. `find` gives the path of the feed that has it. */
	static async listen(
		path: string,
		find: (request: AnyFeedRequest) => string | undefined,
		log: Logger,
	): Promise<FeedDirectory> {
		await rm(path, { force: true });
		const directory = new FeedDirectory(find, log);
		const server = directory.#server;
		const listening = once(server, "listening");
		server.listen(path);
		await listening;
		server.on("error", (err) => log.error({ err }, "feed directory"));
		await chmod(path, 0o600);
		return directory;
	}

	async close(): Promise<void> {
		const closed = new Promise<void>((done) => this.#server.close(() => done()));
		for (const socket of this.#sockets) socket.destroy();
		await closed;
	}

	#onConnection(socket: Socket): void {
		this.#sockets.add(socket);
		socket.on("error", (err) => this.#log.debug({ err }, "feed directory"));
		socket.on("close", () => this.#sockets.delete(socket));
		readRequest(socket, (request) => {
			socket.end(answerFrame(this.#answerTo(request)));
			return undefined;
		});
	}

	#answerTo(request: AnyFeedRequest | undefined): FeedDescription | ProgrammeAnswer {
		if (!request) return { error: "bad-request" };
		const redirect = this.#find(request);
		if (redirect !== undefined) return { redirect };
		return { error: "publish" in request ? "no-watcher" : "no-publisher" };
	}
}

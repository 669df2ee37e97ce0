import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import type { FeedRequest } from "../../core/protocol/feed.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { Publisher } from "../sfu/publisher.ts";
import type { Room } from "../sfu/room.ts";
import { FeedConnection } from "./feed-connection.ts";
import { type AnyFeedRequest, answerFrame, readRequest } from "./feed-request.ts";
import { ProgrammeIntake } from "./programme-intake.ts";

interface FeedParts {
	find(request: FeedRequest): Publisher | undefined;
	/** Where the programme of that webinar is watched; undefined when nobody does. */
	watching(webinarId: string): Pick<Room, "setProgramme"> | undefined;
	log: Logger;
}

/** Hands publishers' RTP to transcoders, and takes programmes, over a UNIX socket, which its owner alone may open. */
export class FeedServer {
	readonly #server: Server;
	readonly #parts: FeedParts;
	readonly #sockets = new Set<Socket>();

	private constructor(parts: FeedParts) {
		this.#parts = parts;
		this.#server = createServer((socket) => this.#onConnection(socket));
		this.#server.on("error", (err) => parts.log.error({ err }, "feed server"));
	}

	/** A socket file left behind at `path` by an earlier run is replaced. */
	static async listen(path: string, parts: FeedParts): Promise<FeedServer> {
		await rm(path, { force: true });
		const feed = new FeedServer(parts);
		const listening = once(feed.#server, "listening");
		feed.#server.listen(path);
		await listening;
		await chmod(path, 0o600);
		return feed;
	}

	/** Transcoders connected now. */
	get connections(): number {
		return this.#sockets.size;
	}

	async close(): Promise<void> {
		const closed = new Promise<void>((done) => this.#server.close(() => done()));
		for (const socket of this.#sockets) socket.destroy();
		await closed;
	}

	#onConnection(socket: Socket): void {
		this.#sockets.add(socket);
		socket.on("error", (err) => this.#parts.log.debug({ err }, "feed socket"));
		socket.on("end", () => socket.end());
		socket.once("close", () => this.#sockets.delete(socket));
		readRequest(socket, (request) => this.#begin(socket, request));
	}

	#begin(socket: Socket, request: AnyFeedRequest | undefined): ((packet: Buffer) => void) | undefined {
		if (!request) socket.end(answerFrame({ error: "bad-request" }));
		else if ("publish" in request) {
			const room = this.#parts.watching(request.webinarId);
			if (room) {
				const intake = new ProgrammeIntake(socket, request);
				room.setProgramme(intake.publisher);
				return (packet) => intake.onPacket(packet);
			}
			socket.end(answerFrame({ error: "no-watcher" }));
		} else {
			const publisher = this.#parts.find(request);
			if (publisher) {
				const connection = new FeedConnection(socket, publisher, this.#parts.log);
				return (packet) => connection.onRtcp(packet);
			}
			socket.end(answerFrame({ error: "no-publisher" }));
		}
		return undefined;
	}
}

import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../core/runtime/clock.ts";
import type { Answer } from "./answer.ts";
import { type ConnectionState, FastConnection, type Lane } from "./fast-connection.ts";
import type { OpenFiles } from "./open-files.ts";
import type { DropReason, OriginMetrics } from "./origin-metrics.ts";

interface FastLaneOptions {
	ask: Lane["ask"];
	/** Of all connections, those of the ordinary server included. */
	maxConnections: number;
	/** Of no progress, after which a reader is given up. */
	stallMs: number;
}

type ConnectionListener = (this: Server | undefined, socket: Socket) => void;

interface FastLaneDeps {
	clock: Clock;
	files: OpenFiles;
	metrics: OriginMetrics;
}

/** How long a connection may be in a state, in milliseconds. A request that waits is its stream's concern. */
const PATIENCE_MS: Partial<Record<ConnectionState, { ms: number; reason: DropReason }>> = {
	asking: { ms: 10_000, reason: "half-open" },
	idle: { ms: 72_000, reason: "idle" },
	// Whoever takes this long for what plays for two seconds cannot watch.
	sending: { ms: 60_000, reason: "slow" },
};
const SWEEP_MS = 1000;
/** For answers that are under way when the server ends. */
const DRAIN_MS = 2_500;

/**
 * Stands before an HTTP server, on its port: connections are read here first. What the audience asks plainly is answered at
 * once and without the server; a connection on which anything else comes is the server's from then on.
 */
export class FastLane implements Lane {
	readonly files: OpenFiles;
	readonly stallMs: number;
	readonly ask: Lane["ask"];
	readonly #maxConnections: number;
	readonly #clock: Clock;
	readonly #metrics: OriginMetrics;
	/** By state, those that have been in it longest first, with the time since when. */
	readonly #connections: Record<Exclude<ConnectionState, "gone">, Map<FastConnection, number>> = {
		asking: new Map(),
		waiting: new Map(),
		sending: new Map(),
		idle: new Map(),
	};
	readonly #sweep: NodeJS.Timeout;
	#server: Server | undefined;
	#serve: ConnectionListener[] = [];
	/** All connections of the server. */
	#open = 0;
	#closing = false;
	#lines = { second: -1, text: "" };
	#idleClosedMs = 0;

	constructor({ ask, maxConnections, stallMs }: FastLaneOptions, { clock, files, metrics }: FastLaneDeps) {
		this.ask = ask;
		this.stallMs = stallMs;
		this.files = files;
		this.#maxConnections = maxConnections;
		this.#clock = clock;
		this.#metrics = metrics;
		this.#sweep = setInterval(() => this.#dropOverdue(), SWEEP_MS);
	}

	get openCount(): number {
		return this.#open;
	}

	get closing(): boolean {
		return this.#closing;
	}

	/** Takes the place of what served the server's connections so far. */
	attach(server: Server): void {
		this.#server = server;
		this.#serve = server.listeners("connection") as ConnectionListener[];
		server.removeAllListeners("connection");
		server.on("connection", (socket) => this.#accept(socket));
	}

	/** Leaves everything to the server. Answers that are under way get some time. Idempotent. */
	close(): void {
		if (this.#closing) return;
		this.#closing = true;
		this.#lines.second = -1;
		clearInterval(this.#sweep);
		const { asking, waiting, sending, idle } = this.#connections;
		for (const connection of [...asking.keys(), ...idle.keys()]) connection.drop();
		const dropRest = () => {
			for (const connection of [...waiting.keys(), ...sending.keys()]) connection.drop();
		};
		setTimeout(dropRest, DRAIN_MS).unref();
	}

	lines(): string {
		const second = Math.floor(this.#clock.now() / 1000);
		if (this.#lines.second !== second) {
			const date = `date: ${new Date(second * 1000).toUTCString()}\r\n`;
			this.#lines = { second, text: this.#closing ? `${date}connection: close\r\n` : date };
		}
		return this.#lines.text;
	}

	moved(connection: FastConnection, from: ConnectionState, to: ConnectionState): void {
		if (from !== "gone") this.#connections[from].delete(connection);
		if (to !== "gone") this.#connections[to].set(connection, this.#clock.now());
	}

	answered(answer: Answer): void {
		this.#metrics.answered(answer);
	}

	stalled(): void {
		this.#metrics.dropped("slow");
	}

	handOver(socket: Socket, bytes: Buffer): void {
		// It must not flow before the server listens.
		socket.pause();
		socket.unshift(bytes);
		this.#giveToServer(socket);
		socket.resume();
	}

	#giveToServer(socket: Socket): void {
		for (const serve of this.#serve) serve.call(this.#server, socket);
	}

	#accept(socket: Socket): void {
		this.#open++;
		socket.once("close", () => this.#open--);
		if (this.#open > this.#maxConnections && !this.#makeRoom()) {
			this.#metrics.dropped("too-many");
			socket.destroy();
		} else if (this.#closing) this.#giveToServer(socket);
		else new FastConnection(socket, this);
	}

	/** Drops whoever is least of a loss. */
	#makeRoom(): boolean {
		const { asking, idle } = this.#connections;
		const [oldest] = asking.size > 0 ? asking.keys() : idle.keys();
		if (oldest) {
			this.#metrics.dropped("too-many");
			oldest.drop();
			return true;
		}
		// Of the server's own connections, only it knows which are idle.
		const nowMs = this.#clock.now();
		if (nowMs - this.#idleClosedMs > SWEEP_MS) this.#server?.closeIdleConnections();
		this.#idleClosedMs = nowMs;
		return false;
	}

	#dropOverdue(): void {
		const nowMs = this.#clock.now();
		for (const [state, patience] of Object.entries(PATIENCE_MS)) {
			for (const [connection, sinceMs] of this.#connections[state as "asking" | "idle" | "sending"]) {
				if (nowMs - sinceMs < patience.ms) break;
				this.#metrics.dropped(patience.reason);
				connection.drop();
			}
		}
	}
}

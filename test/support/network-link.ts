import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { seededRandom } from "./seeded-random.ts";

/** One direction of a link. All zero: a perfect one. */
export interface LinkConditions {
	/** Share of packets lost at random, 0 to 1. */
	loss: number;
	delayMs: number;
	/** Each packet is delayed by up to this much more or less, by itself: packets overtake each other, as with tc netem. */
	jitterMs: number;
	/** 0: unlimited. */
	bitsPerSecond: number;
	/** What waits for a limited link longer than this is dropped from its tail. */
	queueMs: number;
	/** Nothing passes. */
	cut: boolean;
}

const perfect: LinkConditions = { loss: 0, delayMs: 0, jitterMs: 0, bitsPerSecond: 0, queueMs: 300, cut: false };
/** Of IPv4 and UDP, which count on a real link too. */
const HEADER_BYTES = 28;

class Direction {
	conditions = { ...perfect };
	sent = 0;
	lost = 0;
	readonly #random: () => number;
	readonly #timers = new Set<NodeJS.Timeout>();
	#freeAtMs = 0;

	constructor(random: () => number) {
		this.#random = random;
	}

	pass(bytes: number, deliver: () => void): void {
		const { loss, delayMs, jitterMs, bitsPerSecond, queueMs, cut } = this.conditions;
		const nowMs = performance.now();
		this.sent++;
		let waitMs = 0;
		if (bitsPerSecond > 0) {
			const startMs = Math.max(nowMs, this.#freeAtMs);
			waitMs = startMs - nowMs + ((bytes + HEADER_BYTES) * 8000) / bitsPerSecond;
		}
		if (cut || this.#random() < loss || waitMs > queueMs) {
			this.lost++;
			return;
		}
		if (bitsPerSecond > 0) this.#freeAtMs = nowMs + waitMs;
		const dueMs = waitMs + Math.max(0, delayMs + (2 * this.#random() - 1) * jitterMs);
		if (dueMs < 0.5) {
			deliver();
			return;
		}
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			deliver();
		}, dueMs);
		this.#timers.add(timer);
	}

	close(): void {
		for (const timer of this.#timers) clearTimeout(timer);
	}
}

/**
 * A bad network in front of a UDP server, for kernels without tc netem: clients send to `port` of 127.0.0.1, and each of
 * them gets a path of its own to the server through the same two directions. ICE goes through it unchanged, so a client is
 * put behind it by writing this port into its answer's candidates.
 */
export class NetworkLink {
	readonly up: Direction;
	readonly down: Direction;
	/** Hears every datagram of a client's, as it comes to the link. */
	onUp: (datagram: Buffer) => void = () => {};
	readonly #front: Socket;
	readonly #server: { address: string; port: number };
	readonly #paths = new Map<number, Socket>();

	private constructor(front: Socket, server: { address: string; port: number }, seed: number) {
		const random = seededRandom(seed);
		this.up = new Direction(random);
		this.down = new Direction(random);
		this.#front = front;
		this.#server = server;
		front.on("message", (datagram, from) => this.#onMessage(datagram, from));
	}

	/** `seed` decides which packets are lost and how late each is. */
	static async open(server: { address: string; port: number }, seed = 1): Promise<NetworkLink> {
		const front = createSocket({ type: "udp4", recvBufferSize: 4 * 1024 * 1024 });
		const link = new NetworkLink(front, server, seed);
		front.bind(0, "127.0.0.1");
		await once(front, "listening");
		return link;
	}

	get port(): number {
		return this.#front.address().port;
	}

	/** Both directions from now on; what is left out is perfect. */
	become(conditions: Partial<LinkConditions>): void {
		this.up.conditions = { ...perfect, ...conditions };
		this.down.conditions = { ...perfect, ...conditions };
	}

	/** `answer` with this link as the server's only address. */
	rewrite(answer: string): string {
		let first = true;
		return answer
			.split("\r\n")
			.flatMap((line) => {
				if (!line.startsWith("a=candidate:")) return [line];
				if (!first) return [];
				first = false;
				return [`a=candidate:1 1 udp 2130706431 127.0.0.1 ${this.port} typ host`];
			})
			.join("\r\n");
	}

	/** To the server from where the clients' own come: what someone on the way could do. */
	forge(datagram: Buffer): void {
		for (const path of this.#paths.values()) send(path, datagram, this.#server);
	}

	close(): void {
		this.up.close();
		this.down.close();
		this.#front.close();
		for (const path of this.#paths.values()) path.close();
	}

	#onMessage(datagram: Buffer, from: RemoteInfo): void {
		const path = this.#paths.get(from.port) ?? this.#open(from);
		this.onUp(datagram);
		this.up.pass(datagram.length, () => send(path, datagram, this.#server));
	}

	#open(from: RemoteInfo): Socket {
		const path = createSocket({ type: "udp4", recvBufferSize: 4 * 1024 * 1024 });
		this.#paths.set(from.port, path);
		path.on("message", (datagram) => this.down.pass(datagram.length, () => send(this.#front, datagram, from)));
		path.on("error", () => {});
		return path;
	}
}

function send(socket: Socket, datagram: Buffer, { address, port }: { address: string; port: number }): void {
	try {
		socket.send(datagram, port, address, () => {});
	} catch {
		// Closed while the packet was on its way.
	}
}

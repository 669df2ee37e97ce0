import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Logger } from "../../core/runtime/log.ts";
import { LENGTH_BYTES } from "../feed/framing.ts";
import type { DoorPortsListener } from "./door-ports.ts";
import { type Path, pathId } from "./path.ts";
import { StreamFrames } from "./stream-frames.ts";

/** Who has not proven by STUN to be a peer of ours by then is not. */
const PROOF_DEADLINE_MS = 5_000;
/** Connections of one address and in all that have yet to prove themselves; the oldest makes room. */
const MAX_UNPROVEN = 128;
const MAX_CONNECTIONS = 2_000;
/** What a peer does not take is lost beyond this, as on a network. */
const MAX_UNSENT_BYTES = 256 * 1024;

/** ICE over TCP (RFC 6544) at one address, as passive end: each connection is a path, framed by RFC 4571. */
export class IceTcpListener {
	readonly address: string;
	readonly #server: Server;
	readonly #listener: DoorPortsListener;
	readonly #log: Logger;
	readonly #sockets = new Set<Socket>();
	/** In order of coming. */
	readonly #unproven = new Map<Socket, NodeJS.Timeout>();
	#port = 0;

	private constructor(address: string, listener: DoorPortsListener, log: Logger) {
		this.address = address;
		this.#listener = listener;
		this.#log = log;
		this.#server = createServer({ noDelay: true }, (socket) => this.#onConnection(socket));
		this.#server.maxConnections = MAX_CONNECTIONS;
	}

	/** @throws the system's error when the port is taken */
	static async open(address: string, port: number, listener: DoorPortsListener, log: Logger): Promise<IceTcpListener> {
		const own = new IceTcpListener(address, listener, log);
		const listening = once(own.#server, "listening");
		own.#server.listen({ host: address, port, exclusive: true, ipv6Only: true });
		await listening;
		own.#server.on("error", (err) => log.warn({ err }, "media over TCP"));
		own.#port = port;
		return own;
	}

	get port(): number {
		return this.#port;
	}

	async close(): Promise<void> {
		const closed = new Promise<void>((done) => this.#server.close(() => done()));
		for (const socket of this.#sockets) socket.destroy();
		await closed;
	}

	#onConnection(socket: Socket): void {
		const { remoteAddress, remotePort } = socket;
		if (remoteAddress === undefined || remotePort === undefined) {
			socket.destroy();
			return;
		}
		const path = this.#pathOf(socket, remoteAddress, remotePort);
		const frames = new StreamFrames();
		this.#sockets.add(socket);
		this.#awaitProof(socket);
		socket.on("error", (err) => this.#log.debug({ err }, "media over TCP"));
		socket.on("data", (chunk) => {
			const complete = frames.push(chunk, (datagram) => {
				this.#listener.onDatagram(datagram, path);
				if (this.#unproven.has(socket) && this.#listener.isKnown(path.path)) this.#proven(socket);
			});
			if (!complete) socket.destroy();
		});
		socket.on("close", () => {
			this.#sockets.delete(socket);
			this.#proven(socket);
			this.#listener.onPathClosed(path);
		});
	}

	#awaitProof(socket: Socket): void {
		const [oldest] = this.#unproven.keys();
		if (oldest && this.#unproven.size >= MAX_UNPROVEN) oldest.destroy();
		this.#unproven.set(
			socket,
			setTimeout(() => socket.destroy(), PROOF_DEADLINE_MS),
		);
	}

	#proven(socket: Socket): void {
		clearTimeout(this.#unproven.get(socket));
		this.#unproven.delete(socket);
	}

	#pathOf(socket: Socket, address: string, port: number): Path {
		return {
			path: pathId("tcp", this.address, this.#port, address, port),
			localAddress: this.address,
			localPort: this.#port,
			address,
			port,
			connectable: false,
			send(datagram) {
				if (socket.destroyed || socket.writableLength > MAX_UNSENT_BYTES) return;
				const framed = Buffer.allocUnsafe(LENGTH_BYTES + datagram.length);
				framed.writeUInt16BE(datagram.length, 0);
				framed.set(datagram, LENGTH_BYTES);
				socket.write(framed);
			},
			close: () => socket.destroy(),
		};
	}
}

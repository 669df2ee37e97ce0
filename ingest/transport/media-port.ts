import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import type { Logger } from "../../core/runtime/log.ts";
import { isStun, parseBindingRequest } from "./stun.ts";

/** One way to reach a peer: our socket and its address. */
export interface Path {
	/** Tells paths apart. */
	id: string;
	address: string;
	port: number;
	send(datagram: Buffer): void;
}

/** What a connection has to do with the port it lives on. */
export interface PortUser {
	/** Our ICE username fragment: STUN that names it comes here, and paths are learnt from it. */
	readonly ufrag: string;
	/** True when the request is authentic: from then on what else comes that way is for this connection. */
	onBindingRequest(datagram: Buffer, path: Path): boolean;
	onDatagram(datagram: Buffer, path: Path): void;
}

export interface HostAddress {
	address: string;
	port: number;
}

/** A path is known by the connection's STUN; more than this many per connection are forgotten, oldest first. */
const MAX_PATHS_PER_USER = 16;

/**
 * The UDP port of all media: one socket for each local address, so that an answer leaves from where its request came
 * (RFC 8445 section 7.2.5.2.1 has peers drop it otherwise). Connections are told apart by ICE.
 */
export class MediaPort {
	readonly #sockets: { socket: Socket; host: HostAddress }[] = [];
	readonly #users = new Map<string, PortUser>();
	readonly #paths = new Map<string, PortUser>();
	readonly #log: Logger;

	private constructor(log: Logger) {
		this.#log = log;
	}

	/**
	 * `port` 0 takes any free one.
	 * @throws the system's error (EADDRINUSE, …) when not even one address could be bound
	 */
	static async open(port: number, log: Logger): Promise<MediaPort> {
		const mediaPort = new MediaPort(log);
		let failure: unknown = new Error("this machine has no network address");
		for (const address of localAddresses()) {
			try {
				await mediaPort.#bind(address, port);
			} catch (error) {
				failure = error;
				log.warn({ err: error, address, port }, "cannot take media on this address");
			}
		}
		if (mediaPort.#sockets.length === 0) throw failure;
		return mediaPort;
	}

	/** Where peers can send to. */
	get hosts(): HostAddress[] {
		return this.#sockets.map(({ host }) => host);
	}

	add(user: PortUser): void {
		this.#users.set(user.ufrag, user);
	}

	remove(user: PortUser): void {
		this.#users.delete(user.ufrag);
		for (const [id, owner] of this.#paths) if (owner === user) this.#paths.delete(id);
	}

	async close(): Promise<void> {
		await Promise.all(
			this.#sockets.splice(0).map(({ socket }) => new Promise<void>((done) => socket.close(() => done()))),
		);
	}

	async #bind(address: string, port: number): Promise<void> {
		const socket = createSocket({
			...(isIPv4(address) ? { type: "udp4" } : { type: "udp6", ipv6Only: true }),
			recvBufferSize: 2 * 1024 * 1024,
			sendBufferSize: 2 * 1024 * 1024,
			// Peers' addresses are numeric already; the usual lookup would cost a turn of the event loop for every packet.
			lookup: (host, _options, done) =>
				(done as (error: null, address: string, family: number) => void)(null, host, isIPv4(host) ? 4 : 6),
		});
		const bound = once(socket, "listening");
		socket.bind({ address, port, exclusive: true });
		await bound.catch((error: unknown) => {
			socket.close();
			throw error;
		});
		// Unreachable peers show up as errors of the socket; liveness is judged elsewhere.
		socket.on("error", (err) => this.#log.debug({ err }, "media socket"));
		socket.on("message", (datagram, from) => this.#onMessage(datagram, from, socket, address));
		this.#sockets.push({ socket, host: { address, port: socket.address().port } });
	}

	#onMessage(datagram: Buffer, from: RemoteInfo, socket: Socket, local: string): void {
		const id = `${local} ${from.address} ${from.port}`;
		try {
			const path = {
				id,
				address: from.address,
				port: from.port,
				send: (data: Buffer) => socket.send(data, from.port, from.address, ignore),
			};
			if (isStun(datagram)) this.#onStun(datagram, path);
			else this.#paths.get(id)?.onDatagram(datagram, path);
		} catch (err) {
			this.#log.warn({ err, from: from.address }, "a datagram could not be handled");
		}
	}

	#onStun(datagram: Buffer, path: Path): void {
		const request = parseBindingRequest(datagram);
		const user = request && this.#users.get(request.localUfrag);
		if (!user?.onBindingRequest(datagram, path) || this.#paths.get(path.id) === user) return;
		this.#paths.set(path.id, user);
		const own = [...this.#paths].filter(([, owner]) => owner === user);
		for (const [id] of own.slice(0, Math.max(0, own.length - MAX_PATHS_PER_USER))) this.#paths.delete(id);
	}
}

/** A datagram that could not be sent is one that was lost; without a callback the socket would emit an error. */
function ignore(): void {}

/** Loopback included: browsers on the same machine need it. Link-local IPv6 is left out: it means nothing elsewhere. */
function localAddresses(): string[] {
	const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
	return [...new Set(all.map(({ address }) => address))].filter((address) => !/^fe80:|%/i.test(address));
}

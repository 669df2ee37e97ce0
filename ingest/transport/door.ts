import type { Clock } from "../../core/runtime/clock.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { DoorToWorker, MainToDoor, WorkerToDoor } from "./door-messages.ts";
import { DoorPeer, type PeerHost } from "./door-peer.ts";
import { DoorPorts } from "./door-ports.ts";
import { createDtlsIdentity, type DtlsIdentity } from "./dtls-session.ts";
import type { Path } from "./path.ts";
import { isStun, parseBindingRequest } from "./stun.ts";
import { type ChannelEnd, ThreadChannel } from "./thread-channel.ts";

/** Each takes milliseconds of this thread; those beyond wait until their peer sends again. */
const MAX_HANDSHAKES = 100;
/** Strangers decide how often. */
const COMPLAINT_INTERVAL_MS = 1_000;

/**
 * Where all peers come in: checks of paths that no media worker has taken, and every DTLS handshake, so that none delays
 * media. Peers are told apart by ICE; what comes by a path without an authentic check is nobody's.
 */
export class Door implements PeerHost {
	readonly identity: DtlsIdentity;
	readonly #clock: Clock;
	readonly #log: Logger;
	readonly #peers = new Map<string, DoorPeer>();
	readonly #byUfrag = new Map<string, DoorPeer>();
	readonly #byPath = new Map<string, DoorPeer>();
	readonly #workers = new Map<number, ThreadChannel<WorkerToDoor, DoorToWorker>>();
	readonly #handshakes = new Set<DoorPeer>();
	#ports: DoorPorts | undefined;
	#complainedMs = 0;

	private constructor(identity: DtlsIdentity, { clock, log }: { clock: Clock; log: Logger }) {
		this.identity = identity;
		this.#clock = clock;
		this.#log = log;
	}

	/**
	 * `port` 0 takes any free one.
	 * @throws the system's error (EADDRINUSE, …) when not even one address could be bound
	 */
	static async open(port: number, parts: { clock: Clock; log: Logger }): Promise<Door> {
		const door = new Door(await createDtlsIdentity(), parts);
		const listener = {
			onDatagram: (datagram: Buffer, path: Path) => door.#onDatagram(datagram, path),
			onPathClosed: (path: Path) => door.#onPathClosed(path),
			isKnown: (path: string) => door.#byPath.has(path),
		};
		door.#ports = await DoorPorts.open(port, listener, parts.log);
		return door;
	}

	get ports(): DoorPorts {
		if (!this.#ports) throw new Error("the door is not open");
		return this.#ports;
	}

	/** Handshakes under way. */
	get handshakes(): number {
		return this.#handshakes.size;
	}

	onMessage(message: Exclude<MainToDoor, { type: "stop" }>): void {
		switch (message.type) {
			case "attach":
				this.#attach(message.worker, message.end);
				break;
			case "detach":
				this.#detach(message.worker);
				break;
			case "expect":
				this.#add(new DoorPeer(message, this));
				break;
			case "restart":
				this.#restart(message);
				break;
			case "forget":
				this.#forget(message.connection);
				break;
		}
	}

	now(): number {
		return this.#clock.now();
	}

	tell(worker: number, message: DoorToWorker): void {
		const channel = this.#workers.get(worker);
		if (message.type === "datagram") channel?.relay(message);
		else channel?.post(message);
	}

	admitHandshake(peer: DoorPeer): boolean {
		if (this.#handshakes.has(peer)) return true;
		if (this.#handshakes.size >= MAX_HANDSHAKES) return false;
		this.#handshakes.add(peer);
		return true;
	}

	handshakeEnded(peer: DoorPeer): void {
		this.#handshakes.delete(peer);
	}

	async close(): Promise<void> {
		for (const connection of [...this.#peers.keys()]) this.#forget(connection);
		for (const worker of [...this.#workers.keys()]) this.#detach(worker);
		await this.#ports?.close();
	}

	#attach(worker: number, end: ChannelEnd): void {
		this.#workers.set(worker, new ThreadChannel(end, (message) => this.#onWorkerMessage(message)));
	}

	#detach(worker: number): void {
		this.#workers.get(worker)?.close();
		this.#workers.delete(worker);
	}

	#add(peer: DoorPeer): void {
		this.#peers.set(peer.connection, peer);
		for (const ufrag of peer.ufrags) this.#byUfrag.set(ufrag, peer);
	}

	#restart({ connection, ice }: Extract<MainToDoor, { type: "restart" }>): void {
		const peer = this.#peers.get(connection);
		if (!peer) return;
		this.#track(peer, () => peer.restart(ice));
	}

	#forget(connection: string): void {
		const peer = this.#peers.get(connection);
		if (!peer) return;
		this.#peers.delete(connection);
		for (const ufrag of peer.ufrags) this.#byUfrag.delete(ufrag);
		for (const { path } of peer.paths) if (this.#byPath.get(path) === peer) this.#byPath.delete(path);
		peer.close();
	}

	#onDatagram(datagram: Buffer, path: Path): void {
		try {
			if (isStun(datagram)) this.#onStun(datagram, path);
			else this.#byPath.get(path.path)?.onDatagram(datagram);
		} catch (err) {
			const now = this.now();
			if (now - this.#complainedMs < COMPLAINT_INTERVAL_MS) return;
			this.#complainedMs = now;
			this.#log.warn({ err, from: path.address }, "a datagram could not be handled");
		}
	}

	#onStun(datagram: Buffer, path: Path): void {
		const request = parseBindingRequest(datagram);
		const peer = request && this.#byUfrag.get(request.localUfrag);
		if (!peer) return;
		this.#track(peer, () => {
			const owner = this.#byPath.get(path.path);
			// An address that was another's before is whose checks come from it now.
			if (peer.onCheck(datagram, request, path) && owner && owner !== peer) owner.drop(path);
		});
	}

	/** Keeps the indexes of a peer's fragments and paths while `change` may change them. */
	#track(peer: DoorPeer, change: () => void): void {
		const [ufrags, paths] = [peer.ufrags, [...peer.paths]];
		change();
		for (const ufrag of ufrags) this.#byUfrag.delete(ufrag);
		for (const { path } of paths) if (this.#byPath.get(path) === peer) this.#byPath.delete(path);
		for (const ufrag of peer.ufrags) this.#byUfrag.set(ufrag, peer);
		for (const { path } of peer.paths) this.#byPath.set(path, peer);
	}

	#onPathClosed(path: Path): void {
		this.#byPath.get(path.path)?.drop(path);
		this.#byPath.delete(path.path);
	}

	#onWorkerMessage(message: WorkerToDoor): void {
		if (message.type === "send") {
			this.#peers.get(message.connection)?.send(message.data);
			return;
		}
		if (message.type === "nomination") {
			this.#peers.get(message.connection)?.onNomination(message.key);
			return;
		}
		const datagram = Buffer.from(message.data.buffer, message.data.byteOffset, message.data.byteLength);
		const path = message.type === "stray" ? this.#pathOf(message) : this.#ownPath(message);
		if (path) this.#onDatagram(datagram, path);
	}

	#pathOf({ localAddress, localPort, address, port }: Extract<WorkerToDoor, { type: "stray" }>): Path | undefined {
		return this.ports.udpPath(localAddress, localPort, address, port);
	}

	#ownPath({ connection, path }: Extract<WorkerToDoor, { type: "datagram" }>): Path | undefined {
		const peer = this.#peers.get(connection);
		return peer && [...peer.paths].find((candidate) => candidate.path === path);
	}
}

import type { IceCredentials } from "../sdp/session-description.ts";
import type { DoorToWorker, Expected } from "./door-messages.ts";
import { isDtls } from "./dtls-records.ts";
import { type DtlsIdentity, DtlsSession, type SrtpKeys } from "./dtls-session.ts";
import type { Path } from "./path.ts";
import { SeenNominations, transactionKey } from "./seen-nominations.ts";
import { type BindingRequest, bindingSuccess, hasIntegrity } from "./stun.ts";

/** What a peer needs of the door it stands at. */
export interface PeerHost {
	identity: DtlsIdentity;
	now(): number;
	tell(worker: number, message: DoorToWorker): void;
	/** False: there are too many handshakes at once, and this one has to wait. */
	admitHandshake(peer: DoorPeer): boolean;
	handshakeEnded(peer: DoorPeer): void;
}

/** Those proven by STUN; the oldest that is not in use makes room. */
const MAX_PATHS = 16;
const ALIVE_INTERVAL_MS = 1_000;

/** One connection as the door knows it: its ICE-lite agent (RFC 8445 section 2.5) and its DTLS. */
export class DoorPeer {
	readonly connection: string;
	readonly worker: number;
	readonly #host: PeerHost;
	readonly #dtls: DtlsSession;
	readonly #dtlsRole: "server" | "client";
	readonly #paths = new Map<string, Path>();
	readonly #nominations = new SeenNominations();
	#ice: IceCredentials;
	/** Of a restart that has not worked yet. */
	#nextIce: IceCredentials | undefined;
	/** Paths from before a restart go with its first nomination. */
	#pathsAreOld = false;
	#path: Path | undefined;
	#keys: SrtpKeys | undefined;
	#aliveToldMs = 0;
	#closed = false;

	constructor({ connection, worker, ice, dtlsRole, fingerprint }: Expected, host: PeerHost) {
		this.connection = connection;
		this.worker = worker;
		this.#host = host;
		this.#ice = ice;
		this.#dtlsRole = dtlsRole;
		this.#dtls = new DtlsSession({
			role: dtlsRole,
			identity: host.identity,
			fingerprint: { algorithm: fingerprint.algorithm, value: Buffer.from(fingerprint.value) },
			send: (datagram) => this.#path?.send(datagram),
			onKeys: (keys) => this.#onKeys(keys),
			onClosed: (reason) => this.#end(reason),
		});
	}

	/** Fragments under which checks for this peer come. */
	get ufrags(): string[] {
		return this.#nextIce ? [this.#ice.ufrag, this.#nextIce.ufrag] : [this.#ice.ufrag];
	}

	get paths(): Iterable<Path> {
		return this.#paths.values();
	}

	/** From now on both are answered, until a check proves the new ones. */
	restart(ice: IceCredentials): void {
		this.#nextIce = ice;
	}

	/** False: the check is not authentic, and nothing has come of it. */
	onCheck(datagram: Buffer, request: BindingRequest, path: Path): boolean {
		const ice = this.#nextIce?.ufrag === request.localUfrag ? this.#nextIce : this.#ice;
		if (this.#closed || ice.ufrag !== request.localUfrag || !hasIntegrity(datagram, request, ice.password))
			return false;
		if (ice === this.#nextIce) this.#adopt(ice);
		path.send(bindingSuccess(request.transactionId, path.address, path.port, ice.password));
		this.#learn(path);
		// The newest nomination wins; before any, the first path that works. Not once there is media: the path may have been
		// taken from this peer by somebody's recording, and another recording would then get the media.
		if (this.#isNomination(request) || (!this.#path && !this.#keys)) this.#nominate(path);
		// From elsewhere it may be a recording, which must not keep alive who has left.
		if (path.path === this.#path?.path) this.#tellAlive();
		if (this.#dtlsRole === "client" && !this.#keys && this.#host.admitHandshake(this)) this.#dtls.connect();
		return true;
	}

	/** It came to the worker's own socket. */
	onNomination(key: number): void {
		this.#nominations.add(key);
	}

	/** DTLS or SRTP by a path that is this peer's. */
	onDatagram(datagram: Buffer): void {
		if (this.#closed) return;
		if (!isDtls(datagram)) {
			if (this.#keys) this.#tell({ type: "datagram", connection: this.connection, data: datagram });
		} else if (this.#keys || this.#host.admitHandshake(this)) this.#dtls.receive(datagram);
	}

	/** Sends what the worker has protected. */
	send(data: Uint8Array): void {
		this.#path?.send(data);
	}

	/** A TCP connection of this peer is gone. */
	drop(path: Path): void {
		this.#paths.delete(path.path);
		if (this.#path?.path === path.path) this.#path = undefined;
	}

	/** Says goodbye to the peer; idempotent. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#host.handshakeEnded(this);
		this.#dtls.close();
		for (const path of this.#paths.values()) path.close();
	}

	/**
	 * Once there is media, one that has come before does not count: who has recorded it could send it from elsewhere and
	 * get the media there, until the peer's next one. Before, whoever was faster would keep the peer out.
	 */
	#isNomination({ useCandidate, transactionId }: BindingRequest): boolean {
		return useCandidate && (this.#nominations.add(transactionKey(transactionId)) || !this.#keys);
	}

	#adopt(ice: IceCredentials): void {
		this.#ice = ice;
		this.#nextIce = undefined;
		this.#pathsAreOld = true;
		this.#tell({ type: "credentials", connection: this.connection, ice });
	}

	#learn(path: Path): void {
		if (this.#paths.has(path.path)) return;
		this.#paths.set(path.path, path);
		if (this.#paths.size <= MAX_PATHS) return;
		for (const old of this.#paths.values()) {
			if (old.path === this.#path?.path) continue;
			this.#forget(old);
			return;
		}
	}

	#nominate(path: Path): void {
		if (this.#pathsAreOld) {
			this.#pathsAreOld = false;
			for (const old of [...this.#paths.values()]) if (old.path !== path.path) this.#forget(old);
		}
		if (this.#path?.path === path.path) return;
		this.#path = path;
		const { localAddress, localPort, address, port, connectable } = path;
		this.#tell({
			type: "path",
			connection: this.connection,
			path: path.path,
			localAddress,
			localPort,
			address,
			port,
			connectable,
		});
	}

	#forget(path: Path): void {
		this.#paths.delete(path.path);
		path.close();
	}

	#tellAlive(): void {
		const now = this.#host.now();
		if (now - this.#aliveToldMs < ALIVE_INTERVAL_MS) return;
		this.#aliveToldMs = now;
		this.#tell({ type: "alive", connection: this.connection });
	}

	#onKeys(keys: SrtpKeys): void {
		this.#keys = keys;
		this.#host.handshakeEnded(this);
		this.#tell({ type: "keys", connection: this.connection, keys });
	}

	#end(reason: string): void {
		if (this.#closed) return;
		this.close();
		this.#tell({ type: "closed", connection: this.connection, reason });
	}

	#tell(message: DoorToWorker): void {
		this.#host.tell(this.worker, message);
	}
}

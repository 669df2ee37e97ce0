import type { Socket } from "node:dgram";
import type { Logger } from "../../core/runtime/log.ts";
import type { LocalHost } from "../sdp/session-description.ts";
import { IceTcpListener } from "./ice-tcp.ts";
import { localAddresses } from "./local-addresses.ts";
import { type Path, pathId } from "./path.ts";
import { bind, createMediaSocket } from "./udp-socket.ts";

export interface DoorPortsListener {
	onDatagram(datagram: Buffer, path: Path): void;
	/** A TCP connection is gone. */
	onPathClosed(path: Path): void;
	/** Whether a peer has proven that it owns the path. */
	isKnown(path: string): boolean;
}

interface UdpHost {
	socket: Socket;
	address: string;
	port: number;
	connectable: boolean;
}

/** With port 0 the number that the first socket got may be taken for others. */
const ATTEMPTS = 10;
const UNSUPPORTED = ["ENOTSUP", "ENOSYS", "EINVAL", "ENOPROTOOPT"];

/**
 * The media port: for each local address a UDP socket, so that an answer leaves from where its request came (RFC 8445
 * section 7.2.5.2.1 has peers drop it otherwise), and a TCP listener under the same number.
 */
export class DoorPorts {
	readonly #udp: UdpHost[] = [];
	readonly #tcp: IceTcpListener[] = [];
	readonly #listener: DoorPortsListener;
	readonly #log: Logger;

	private constructor(listener: DoorPortsListener, log: Logger) {
		this.#listener = listener;
		this.#log = log;
	}

	/**
	 * `port` 0 takes any free one.
	 * @throws the system's error (EADDRINUSE, …) when not even one address could be bound
	 */
	static async open(port: number, listener: DoorPortsListener, log: Logger): Promise<DoorPorts> {
		for (let attempt = 1; ; attempt++) {
			const ports = new DoorPorts(listener, log);
			const failures = await ports.#open(port);
			if (ports.#udp.length > 0 && (port !== 0 || failures.length === 0 || attempt === ATTEMPTS)) {
				for (const failure of failures) log.warn(failure, "cannot take media on this address");
				return ports;
			}
			await ports.close();
			if (attempt === ATTEMPTS || port !== 0)
				throw failures[0]?.err ?? new Error("this machine has no network address");
		}
	}

	get port(): number {
		return this.#udp[0]?.port ?? 0;
	}

	/** Where peers can send to. */
	get hosts(): LocalHost[] {
		return [
			...this.#udp.map(({ address, port }) => ({ address, port, protocol: "udp" as const })),
			...this.#tcp.map(({ address, port }) => ({ address, port, protocol: "tcp" as const })),
		];
	}

	/** The way to a peer whose datagram came to a socket elsewhere that is bound to the same address. */
	udpPath(localAddress: string, localPort: number, address: string, port: number): Path | undefined {
		const host = this.#udp.find((candidate) => candidate.address === localAddress && candidate.port === localPort);
		return host && toPath(host, address, port);
	}

	async close(): Promise<void> {
		await Promise.all([
			...this.#udp.splice(0).map(({ socket }) => new Promise<void>((done) => socket.close(() => done()))),
			...this.#tcp.splice(0).map((listener) => listener.close()),
		]);
	}

	async #open(wantedPort: number): Promise<{ err: unknown; address: string }[]> {
		const failures: { err: unknown; address: string }[] = [];
		for (const address of localAddresses()) {
			try {
				await this.#openUdp(address, wantedPort || this.port);
				this.#tcp.push(await IceTcpListener.open(address, this.port, this.#listener, this.#log));
			} catch (err) {
				failures.push({ err, address });
			}
		}
		return failures;
	}

	async #openUdp(address: string, port: number): Promise<void> {
		await requireFree(address, port);
		let connectable = true;
		let socket = createMediaSocket(address, { reusePort: true });
		try {
			await bind(socket, address, port);
		} catch (error) {
			if (!UNSUPPORTED.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
			connectable = false;
			socket = createMediaSocket(address, { reusePort: false });
			await bind(socket, address, port);
		}
		const host = { socket, address, port: socket.address().port, connectable };
		// Unreachable peers show up as errors of the socket; liveness is judged elsewhere.
		socket.on("error", (err) => this.#log.debug({ err }, "media socket"));
		socket.on("message", (datagram, from) => {
			this.#listener.onDatagram(datagram, toPath(host, from.address, from.port));
		});
		this.#udp.push(host);
	}
}

/**
 * Who may share a port cannot see that it is taken: a second server would get half of the first one's datagrams.
 * @throws the system's error (EADDRINUSE)
 */
async function requireFree(address: string, port: number): Promise<void> {
	if (port === 0) return;
	const probe = createMediaSocket(address, { reusePort: false });
	await bind(probe, address, port);
	await new Promise<void>((done) => probe.close(() => done()));
}

function toPath(
	{ socket, address: localAddress, port: localPort, connectable }: UdpHost,
	address: string,
	port: number,
) {
	return {
		path: pathId("udp", localAddress, localPort, address, port),
		localAddress,
		localPort,
		address,
		port,
		connectable,
		// Without a callback an error of sending is nobody's.
		send: (datagram: Uint8Array) => socket.send(datagram, port, address),
		close() {},
	};
}

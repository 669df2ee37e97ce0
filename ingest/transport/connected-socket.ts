import type { RemoteInfo, Socket } from "node:dgram";
import type { PathName, WorkerToDoor } from "./door-messages.ts";
import { createMediaSocket } from "./udp-socket.ts";

/**
 * A UDP socket of one peer: bound to the door's address and port and connected, so that the kernel delivers that peer's
 * datagrams here and nobody else's. Sends are cheaper, too: no address to look up for each.
 */
export class ConnectedSocket {
	readonly #socket: Socket;
	#closed = false;

	/** @throws the system's error, for instance when there are no more file descriptors */
	constructor(
		{ localAddress, localPort, address, port }: PathName,
		{
			onDatagram,
			onStray,
		}: {
			onDatagram(datagram: Buffer): void;
			/** Before it was connected a stranger's datagram may have come. */
			onStray(stray: Extract<WorkerToDoor, { type: "stray" }>): void;
		},
	) {
		const socket = createMediaSocket(localAddress, { reusePort: true });
		this.#socket = socket;
		let failure: Error | undefined;
		// Later ones tell of ICMP messages (ECONNREFUSED), which anyone could forge; liveness is judged by what comes.
		socket.on("error", (error) => {
			failure ??= error;
		});
		socket.on("message", (datagram: Buffer, from: RemoteInfo) => {
			if (from.port === port && from.address === address) onDatagram(datagram);
			else onStray({ type: "stray", localAddress, localPort, address: from.address, port: from.port, data: datagram });
		});
		// With a lookup that is synchronous, so are these.
		socket.bind({ address: localAddress, port: localPort, exclusive: true });
		if (!failure) socket.connect(port, address);
		if (!failure) return;
		socket.close();
		throw failure;
	}

	/** The first `length` bytes. False: they have to stay as they are, as they are not sent yet. */
	send(buffer: Buffer, length: number): boolean {
		if (this.#closed) return true;
		// Without a callback an error of sending is nobody's, and there is no callback to schedule.
		this.#socket.send(buffer, 0, length);
		return this.#socket.getSendQueueCount() === 0;
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#socket.close();
	}
}

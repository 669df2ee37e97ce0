import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv4 } from "node:net";

const BUFFER_BYTES = 2 * 1024 * 1024;

/** An UDP socket for media; not bound yet. `reusePort`: others may be bound to the same address and port. */
export function createMediaSocket(address: string, { reusePort }: { reusePort: boolean }): Socket {
	return createSocket({
		...(isIPv4(address) ? { type: "udp4" } : { type: "udp6", ipv6Only: true }),
		...(reusePort ? { reusePort } : {}),
		recvBufferSize: BUFFER_BYTES,
		sendBufferSize: BUFFER_BYTES,
		// All addresses are numeric already; the usual lookup would cost a turn of the event loop for every packet.
		lookup: (host, _options, done) =>
			(done as (error: null, address: string, family: number) => void)(null, host, isIPv4(host) ? 4 : 6),
	});
}

/**
 * Binds a socket, or closes it.
 * @throws the system's error (EADDRINUSE, ENOTSUP, …)
 */
export async function bind(socket: Socket, address: string, port: number): Promise<void> {
	const bound = once(socket, "listening");
	socket.bind({ address, port, exclusive: true });
	await bound.catch((error: unknown) => {
		socket.close();
		throw error;
	});
}

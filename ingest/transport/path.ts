import type { PathName } from "./door-messages.ts";

/** One way to reach a peer from the door: a socket of ours and the peer's address. */
export interface Path extends PathName {
	/** Datagrams that cannot be sent are lost, as on a network. */
	send(datagram: Uint8Array): void;
	/** Ends a TCP connection; nothing for UDP. */
	close(): void;
}

export function pathId(
	transport: "udp" | "tcp",
	localAddress: string,
	localPort: number,
	address: string,
	port: number,
): string {
	return `${transport} ${localAddress} ${localPort} ${address} ${port}`;
}

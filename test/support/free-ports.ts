import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";

export async function freeTcpPort(): Promise<number> {
	const server = createServer().listen(0);
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	server.close();
	await once(server, "close");
	return port;
}

/** Below the range from which the system gives out ports by itself, so that nobody takes them by chance. */
const FIRST_MEDIA_PORT = 20_000;
const MEDIA_PORTS = 12_000;
/** As many as any test needs from one server. */
const RANGE = 100;

/** The first of 100 UDP ports, of which none was seen in use. */
export async function freeMediaPorts(): Promise<number> {
	for (let attempt = 0; attempt < 20; attempt++) {
		const first = FIRST_MEDIA_PORT + Math.floor((Math.random() * MEDIA_PORTS) / RANGE) * RANGE;
		if (await canBind(first)) return first;
	}
	throw new Error("no free UDP ports");
}

async function canBind(port: number): Promise<boolean> {
	const socket = createSocket("udp4");
	const { promise, resolve } = Promise.withResolvers<boolean>();
	socket.once("error", () => resolve(false));
	socket.bind(port, () => resolve(true));
	const free = await promise;
	socket.close();
	return free;
}

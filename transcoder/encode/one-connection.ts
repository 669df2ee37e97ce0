import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";

/** Longest path that a UNIX socket takes everywhere, with its closing zero. */
const MAX_PATH_BYTES = 100;

export interface OneConnection {
	close(): void;
}

/** Listens on `path` for one connection, then no more. @throws Error when the path is too long or cannot be listened on. */
export async function listenOnce(path: string, connected: (socket: Socket) => void): Promise<OneConnection> {
	if (Buffer.byteLength(path) >= MAX_PATH_BYTES) throw new Error(`too long for a socket: ${path}`);
	rmSync(path, { force: true }); // left by a process that was killed
	const server = createServer((socket) => {
		server.close();
		socket.on("error", () => {}); // the other end's exit says more
		connected(socket);
	});
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(path, resolve);
	});
	return { close: () => void server.close() };
}

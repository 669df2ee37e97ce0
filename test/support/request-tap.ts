import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** The body of the request before may stand before it. */
const REQUEST_LINE = /([A-Z]+ \/\S*) HTTP\/1\.1$/;
const LONGEST_LINE = 8192;

/** Stands before a server, hands on every byte, and notes each HTTP/1.1 request. */
export class RequestTap {
	/** `METHOD /path?query`, in the order in which they came. */
	readonly requests: string[] = [];
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();
	/** Of the server behind it; may change. */
	targetPort: number;

	private constructor(targetPort: number) {
		this.targetPort = targetPort;
		this.#server = createServer((socket) => this.#relay(socket));
	}

	static async start(targetPort: number): Promise<RequestTap> {
		const tap = new RequestTap(targetPort);
		tap.#server.listen(0, "127.0.0.1");
		await once(tap.#server, "listening");
		return tap;
	}

	/** `host:port` */
	get address(): string {
		return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	/** How many requests fit, without the first `since` of all. */
	count(pattern: RegExp, since = 0): number {
		return this.requests.slice(since).filter((request) => pattern.test(request)).length;
	}

	async close(): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		this.#server.close();
		await once(this.#server, "close");
	}

	#relay(client: Socket): void {
		const server = connect({ host: "127.0.0.1", port: this.targetPort });
		let line = "";
		client.on("data", (chunk: Buffer) => {
			const lines = (line + chunk.toString("latin1")).split("\r\n");
			line = lines.pop()?.slice(-LONGEST_LINE) ?? "";
			for (const text of lines) {
				const request = REQUEST_LINE.exec(text)?.[1];
				if (request) this.requests.push(request);
			}
		});
		for (const [from, to] of [
			[client, server],
			[server, client],
		] as const) {
			this.#sockets.add(from);
			from.pipe(to);
			from.on("error", () => to.destroy());
			from.on("close", () => {
				this.#sockets.delete(from);
				to.destroy();
			});
		}
	}
}

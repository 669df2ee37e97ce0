import { once } from "node:events";
import { deadline } from "./deadline.ts";

const COMMAND_DEADLINE_MS = 30_000;

interface Answer {
	id?: number;
	type: "success" | "error" | "event";
	result?: unknown;
	error?: string;
	message?: string;
}

/** A session of WebDriver BiDi (W3C), over one WebSocket; commands only, no events. */
export class WebDriverBidi {
	readonly #socket: WebSocket;
	readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
	#lastId = 0;

	private constructor(socket: WebSocket) {
		this.#socket = socket;
		socket.addEventListener("message", ({ data }) => this.#take(JSON.parse(String(data)) as Answer));
		socket.addEventListener("close", () => {
			for (const { reject } of this.#waiting.values())
				reject(new Error("the browser has closed the WebDriver session"));
			this.#waiting.clear();
		});
	}

	/** `url`: as the browser prints it at its start. */
	static async connect(url: string): Promise<WebDriverBidi> {
		const socket = new WebSocket(`${url}/session`);
		await deadline(once(socket, "open"), COMMAND_DEADLINE_MS, () => `no WebSocket at ${url}`);
		const session = new WebDriverBidi(socket);
		await session.send("session.new", { capabilities: {} });
		return session;
	}

	/** @throws Error with what the browser says */
	async send<T>(method: string, params: object): Promise<T> {
		const id = ++this.#lastId;
		const { promise, resolve, reject } = Promise.withResolvers<unknown>();
		this.#waiting.set(id, { resolve, reject });
		this.#socket.send(JSON.stringify({ id, method, params }));
		const late = () => `no answer to ${method}`;
		return (await deadline(promise, COMMAND_DEADLINE_MS, late).finally(() => this.#waiting.delete(id))) as T;
	}

	async close(): Promise<void> {
		if (this.#socket.readyState === WebSocket.CLOSED) return;
		const closed = once(this.#socket, "close");
		this.#socket.close();
		await closed;
	}

	#take({ id, type, result, error, message }: Answer): void {
		const waiting = id === undefined ? undefined : this.#waiting.get(id);
		if (type === "success") waiting?.resolve(result);
		else if (type === "error") waiting?.reject(new Error(`${error}: ${message}`));
	}
}

import { setTimeout as delay } from "node:timers/promises";

interface Jsep {
	type: string;
	sdp: string;
}

interface JanusMessage {
	janus: string;
	transaction?: string;
	jsep?: Jsep;
	data?: { id: number };
	plugindata?: { data: { error?: string } };
	error?: { reason: string };
}

const START_DEADLINE_MS = 10_000;
const KEEPALIVE_MS = 20_000;

/** A session with Janus over its WebSocket interface. */
export class JanusSession {
	readonly #socket: WebSocket;
	readonly #waiting = new Map<string, (message: JanusMessage) => void>();
	readonly #keepalive: NodeJS.Timeout;
	#id: number | undefined;
	#transactions = 0;

	private constructor(socket: WebSocket) {
		this.#socket = socket;
		socket.addEventListener("message", ({ data }) => {
			const message: JanusMessage = JSON.parse(String(data));
			// What takes longer is acknowledged first.
			if (message.janus !== "ack") this.#waiting.get(message.transaction ?? "")?.(message);
		});
		this.#keepalive = setInterval(() => this.#send({ janus: "keepalive" }), KEEPALIVE_MS);
	}

	/** Waits until Janus listens. @throws Error when it has ended, or does not listen in time */
	static async open(url: string, hasEnded: () => boolean): Promise<JanusSession> {
		const deadline = Date.now() + START_DEADLINE_MS;
		for (;;) {
			const socket = new WebSocket(url, "janus-protocol");
			const opened = await new Promise<boolean>((resolve) => {
				socket.addEventListener("open", () => resolve(true));
				socket.addEventListener("error", () => resolve(false));
			});
			if (opened) {
				const session = new JanusSession(socket);
				session.#id = (await session.#ask({ janus: "create" })).data?.id;
				return session;
			}
			if (hasEnded() || Date.now() > deadline) throw new Error("Janus did not start");
			await delay(50);
		}
	}

	/** A new handle of the videoroom. */
	async attach(): Promise<number> {
		return (await this.#ask({ janus: "attach", plugin: "janus.plugin.videoroom" })).data?.id ?? 0;
	}

	/** @throws Error when the plugin refuses */
	async request(handle: number, body: object, jsep?: Jsep): Promise<JanusMessage> {
		return this.#ask({ janus: "message", handle_id: handle, body, ...(jsep && { jsep }) });
	}

	close(): void {
		clearInterval(this.#keepalive);
		this.#socket.close();
	}

	async #ask(message: object): Promise<JanusMessage> {
		const answer = await new Promise<JanusMessage>((resolve) => {
			const transaction = this.#send(message);
			this.#waiting.set(transaction, (reply) => {
				this.#waiting.delete(transaction);
				resolve(reply);
			});
		});
		const error = answer.error?.reason ?? answer.plugindata?.data.error;
		if (error) throw new Error(`Janus refused: ${error}`);
		return answer;
	}

	#send(message: object): string {
		const transaction = `t${this.#transactions++}`;
		const session = this.#id === undefined ? {} : { session_id: this.#id };
		this.#socket.send(JSON.stringify({ ...message, ...session, transaction }));
		return transaction;
	}
}

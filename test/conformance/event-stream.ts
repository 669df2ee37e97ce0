import { deadline } from "../support/deadline.ts";

const EVENT_DEADLINE_MS = 15_000;

export interface StreamEvent {
	event: string;
	data: string;
}

/** Server-sent events as any client reads them (HTML standard, section 9.2). */
export class EventStream {
	readonly #abort = new AbortController();
	readonly #events: StreamEvent[] = [];
	#changed = Promise.withResolvers<void>();
	#ended: Error | undefined;

	/** @throws Error when the answer is no event stream */
	static async open(url: string, token: string | undefined): Promise<EventStream> {
		const stream = new EventStream();
		const response = await fetch(url, {
			headers: { accept: "text/event-stream", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
			signal: stream.#abort.signal,
		});
		const type = response.headers.get("content-type") ?? "";
		if (response.status !== 200 || !type.startsWith("text/event-stream") || !response.body) {
			stream.#abort.abort();
			throw new Error(`the event stream was answered with ${response.status} ${type}`);
		}
		void stream.#read(response.body);
		return stream;
	}

	/** The first event, from now or before, that `wanted` takes. */
	async event(name: string, wanted: (data: unknown) => boolean = () => true): Promise<unknown> {
		const look = async (): Promise<unknown> => {
			for (let at = 0; ; at++) {
				while (at >= this.#events.length) {
					if (this.#ended) throw this.#ended;
					await this.#changed.promise;
				}
				const { event, data } = this.#events[at] ?? { event: "", data: "" };
				if (event !== name) continue;
				const parsed: unknown = JSON.parse(data);
				if (wanted(parsed)) return parsed;
			}
		};
		const seen = () => `no such event ${name}; there were ${this.names().join(", ") || "none"}`;
		return deadline(look(), EVENT_DEADLINE_MS, seen);
	}

	/** Of the events so far. */
	names(): string[] {
		return this.#events.map(({ event }) => event);
	}

	/** Resolves when the server ends it. */
	async ended(): Promise<void> {
		const look = async () => {
			while (!this.#ended) await this.#changed.promise;
		};
		await deadline(look(), EVENT_DEADLINE_MS, () => "the event stream does not end");
	}

	close(): void {
		this.#abort.abort();
	}

	async #read(body: ReadableStream<Uint8Array>): Promise<void> {
		let text = "";
		const decoder = new TextDecoder();
		try {
			for await (const chunk of body) {
				text += decoder.decode(chunk, { stream: true }).replaceAll("\r\n", "\n");
				for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
					this.#take(text.slice(0, end));
					text = text.slice(end + 2);
				}
			}
			this.#end(new Error("the server has ended the event stream"));
		} catch (error) {
			this.#end(error instanceof Error ? error : new Error(String(error)));
		}
	}

	#take(block: string): void {
		const field = (name: string) =>
			block
				.split("\n")
				.filter((line) => line.startsWith(`${name}:`))
				.map((line) => line.slice(name.length + 1).replace(/^ /, ""));
		const data = field("data");
		if (data.length === 0) return;
		this.#events.push({ event: field("event").at(-1) ?? "message", data: data.join("\n") });
		this.#wake();
	}

	#end(reason: Error): void {
		this.#ended = reason;
		this.#wake();
	}

	#wake(): void {
		const { resolve } = this.#changed;
		this.#changed = Promise.withResolvers();
		resolve();
	}
}

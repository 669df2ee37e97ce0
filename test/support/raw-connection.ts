import { connect, type Socket } from "node:net";
import { eventually } from "./deadline.ts";

const DEADLINE_MS = 30_000;

/** A connection on which a test sends the bytes it likes, and sees those that come. */
export class RawConnection {
	readonly socket: Socket;
	readonly #chunks: Buffer[] = [];
	#closed = false;

	constructor(port: number) {
		this.socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
		this.socket.setNoDelay(true);
		this.socket.on("data", (chunk) => this.#chunks.push(chunk));
		this.socket.on("error", () => {}); // its close follows
		this.socket.on("end", () => {
			this.#closed = true;
		});
		this.socket.on("close", () => {
			this.#closed = true;
		});
	}

	/** The other side has ended it. */
	get closed(): boolean {
		return this.#closed;
	}

	/** All that came, as Latin-1. */
	get text(): string {
		return Buffer.concat(this.#chunks).toString("latin1");
	}

	get answers(): ParsedAnswer[] {
		return parseAnswers(this.text);
	}

	send(text: string): this {
		this.socket.write(text, "latin1");
		return this;
	}

	async sendByteByByte(text: string): Promise<this> {
		for (const byte of Buffer.from(text, "latin1")) {
			this.socket.write(Buffer.of(byte));
			await new Promise((resolve) => setImmediate(resolve));
		}
		return this;
	}

	async untilAnswers(count: number): Promise<ParsedAnswer[]> {
		return await eventually(
			() => this.answers.length >= count && this.answers,
			DEADLINE_MS,
			() => `not ${count} answers in ${JSON.stringify(this.text.slice(0, 2000))}`,
		);
	}

	async untilClosed(): Promise<this> {
		await eventually(
			() => this.#closed,
			DEADLINE_MS,
			() => "the connection stays open",
		);
		return this;
	}

	close(): void {
		this.socket.destroy();
	}
}

export interface ParsedAnswer {
	status: number;
	/** By lower-case name. */
	headers: Record<string, string>;
	body: string;
}

/** Whole answers to GET, one after the other; what follows them is left out. */
function parseAnswers(text: string): ParsedAnswer[] {
	const answers: ParsedAnswer[] = [];
	for (let at = 0, end = 0; ; at = end) {
		const headEnd = text.indexOf("\r\n\r\n", at);
		if (headEnd < 0) return answers;
		const [statusLine = "", ...lines] = text.slice(at, headEnd).split("\r\n");
		const headers = Object.fromEntries(
			lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
		);
		end = headEnd + 4 + Number(headers["content-length"] ?? 0);
		if (end > text.length) return answers;
		answers.push({ status: Number(statusLine.split(" ")[1]), headers, body: text.slice(headEnd + 4, end) });
	}
}

import { type ClientMessage, clientMessageSchema } from "../../core/protocol/events.ts";
import type { Person } from "../../core/protocol/webinar.ts";
import type { Clock } from "../../core/runtime/clock.ts";

/** What is used of the `ws` package's WebSocket. */
export interface EventSocket {
	/** 1 is open (WHATWG WebSocket). */
	readonly readyState: number;
	/** Bytes handed over and not yet taken by the network. */
	readonly bufferedAmount: number;
	send(text: string): void;
	ping(): void;
	close(code: number, reason: string): void;
	terminate(): void;
	on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): unknown;
	on(event: "pong" | "close", listener: () => void): unknown;
}

/** Close codes: RFC 6455 section 7.4.1, and the IANA registry for 1013. */
export const closeCodes = { normal: 1000, goingAway: 1001, notJson: 1007, unfit: 1008, tooSlow: 1013 } as const;

/** Some minutes of events. Who has not taken them by then is better off with a new connection and its welcome. */
export const MAX_BUFFERED_BYTES = 1024 * 1024;
/** A page says a few words a minute, and measures its clock with a short burst of pings. */
export const MESSAGE_BURST = 30;
export const MESSAGES_PER_SECOND = 10;

const OPEN = 1;

export interface ConnectionListener {
	message(connection: Connection, message: ClientMessage): void;
	closed(connection: Connection): void;
}

/** One person's WebSocket: what they say is checked, what is said to them is bounded. */
export class Connection {
	readonly webinarId: string;
	readonly person: Person;
	readonly #socket: EventSocket;
	readonly #clock: Clock;
	readonly #listener: ConnectionListener;
	#isAlive = true;
	#allowance = MESSAGE_BURST;
	#allowanceAt: number;

	constructor(
		{ socket, webinarId, person }: { socket: EventSocket; webinarId: string; person: Person },
		{ clock, listener }: { clock: Clock; listener: ConnectionListener },
	) {
		this.#socket = socket;
		this.webinarId = webinarId;
		this.person = person;
		this.#clock = clock;
		this.#listener = listener;
		this.#allowanceAt = clock.now();
		socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
		socket.on("pong", () => {
			this.#isAlive = true;
		});
		socket.on("close", () => listener.closed(this));
	}

	/** Drops the connection when what was sent before piles up. */
	send(text: string): void {
		if (this.#socket.readyState !== OPEN) return;
		if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) this.close("tooSlow", "events pile up");
		else this.#socket.send(text);
	}

	/** To be called at a steady pace: ends a connection that gave no sign of life since the last call. */
	checkAlive(): void {
		if (!this.#isAlive) this.#socket.terminate();
		else if (this.#socket.readyState === OPEN) this.#socket.ping();
		this.#isAlive = false;
	}

	close(why: keyof typeof closeCodes, reason: string): void {
		this.#socket.close(closeCodes[why], reason);
	}

	terminate(): void {
		this.#socket.terminate();
	}

	#receive(data: Buffer, isBinary: boolean): void {
		// After our close the other side may go on talking until it has read it.
		if (this.#socket.readyState !== OPEN) return;
		this.#isAlive = true;
		const json = isBinary ? undefined : parseJson(data.toString("utf8"));
		const { data: message } = clientMessageSchema.safeParse(json);
		if (!this.#takeAllowance()) this.close("unfit", "too many messages");
		else if (json === undefined) this.close("notJson", "messages are JSON text");
		else if (!message) this.close("unfit", "not a message this server knows");
		else this.#listener.message(this, message);
	}

	#takeAllowance(): boolean {
		const now = this.#clock.now();
		const earned = (Math.max(0, now - this.#allowanceAt) / 1000) * MESSAGES_PER_SECOND;
		this.#allowance = Math.min(MESSAGE_BURST, this.#allowance + earned);
		this.#allowanceAt = now;
		if (this.#allowance < 1) return false;
		this.#allowance -= 1;
		return true;
	}
}

/** Undefined, which JSON has no word for: this is none. */
function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

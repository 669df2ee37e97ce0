import type { ClientMessage, ServerEvent } from "../../core/protocol/events.ts";
import type { Person } from "../../core/protocol/webinar.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { Connection, type closeCodes, type EventSocket } from "./connection.ts";

/** An event before the hub stamps it with the time. */
export type Unstamped = ServerEvent extends infer Event
	? Event extends ServerEvent
		? Omit<Event, "at">
		: never
	: never;

export interface HubListener {
	message(connection: Connection, message: ClientMessage): void;
	connectionGone(connection: Connection): void;
	/** The person has no connection to that webinar any more. */
	personGone(webinarId: string, person: Person): void;
}

const HEARTBEAT_MS = 20_000;
/** How long clients get to answer our close before they are cut off. */
const CLOSING_MS = 1000;

/** The open connections, by webinar and person. */
export class EventHub {
	readonly #rooms = new Map<string, Map<string, Set<Connection>>>();
	readonly #clock: Clock;
	readonly #listener: HubListener;
	readonly #heartbeat: NodeJS.Timeout;
	#emptied: (() => void) | undefined;
	#closing: Promise<void> | undefined;

	constructor({ clock, listener }: { clock: Clock; listener: HubListener }) {
		this.#clock = clock;
		this.#listener = listener;
		this.#heartbeat = setInterval(() => {
			for (const connection of this.#connections()) connection.checkAlive();
		}, HEARTBEAT_MS);
	}

	add(socket: EventSocket, webinarId: string, person: Person): Connection {
		const connection = new Connection(
			{ socket, webinarId, person },
			{
				clock: this.#clock,
				listener: { message: this.#listener.message, closed: (closed) => this.#remove(closed) },
			},
		);
		const room = this.#rooms.get(webinarId) ?? new Map<string, Set<Connection>>();
		this.#rooms.set(webinarId, room);
		const connections = room.get(person.personId) ?? new Set();
		room.set(person.personId, connections.add(connection));
		if (this.#closing) connection.close("goingAway", "the server stops");
		return connection;
	}

	/** The webinars somebody is connected to. */
	webinarIds(): IterableIterator<string> {
		return this.#rooms.keys();
	}

	/** How many of the audience are connected, however many pages each has open. */
	countAttendees(webinarId: string): number {
		let count = 0;
		for (const [connection] of this.#rooms.get(webinarId)?.values() ?? []) {
			if (connection?.person.role === "attendee") count += 1;
		}
		return count;
	}

	send(connection: Connection, event: Unstamped): void {
		connection.send(this.#stamp(event));
	}

	/** To everybody of the webinar whom `isMeant` names. */
	sendToAll(webinarId: string, event: Unstamped, isMeant: (person: Person) => boolean = () => true): void {
		const room = this.#rooms.get(webinarId);
		if (!room) return;
		const text = this.#stamp(event);
		for (const connections of room.values()) {
			for (const connection of connections) {
				if (isMeant(connection.person)) connection.send(text);
			}
		}
	}

	/** To all connections of that person which `isMeant` names. */
	sendToPerson(
		webinarId: string,
		personId: string,
		event: Unstamped,
		isMeant: (person: Person) => boolean = () => true,
	): void {
		const connections = this.#rooms.get(webinarId)?.get(personId);
		if (!connections) return;
		const text = this.#stamp(event);
		for (const connection of connections) {
			if (isMeant(connection.person)) connection.send(text);
		}
	}

	closeWebinar(webinarId: string, why: keyof typeof closeCodes, reason: string): void {
		for (const connections of this.#rooms.get(webinarId)?.values() ?? []) {
			for (const connection of connections) connection.close(why, reason);
		}
	}

	/** Says goodbye to everyone, and cuts off who does not answer. Idempotent. */
	close(): Promise<void> {
		this.#closing ??= this.#closeAll();
		return this.#closing;
	}

	async #closeAll(): Promise<void> {
		clearInterval(this.#heartbeat);
		for (const connection of this.#connections()) connection.close("goingAway", "the server stops");
		if (this.#rooms.size === 0) return;
		const cutOff = setTimeout(() => {
			for (const connection of this.#connections()) connection.terminate();
		}, CLOSING_MS);
		await new Promise<void>((resolve) => {
			this.#emptied = resolve;
		});
		clearTimeout(cutOff);
	}

	#remove(connection: Connection): void {
		this.#listener.connectionGone(connection);
		const { webinarId, person } = connection;
		const room = this.#rooms.get(webinarId);
		const connections = room?.get(person.personId);
		if (!room || !connections?.delete(connection) || connections.size > 0) return;
		room.delete(person.personId);
		if (room.size === 0) this.#rooms.delete(webinarId);
		this.#listener.personGone(webinarId, person);
		if (this.#rooms.size === 0) this.#emptied?.();
	}

	*#connections(): Generator<Connection> {
		for (const room of this.#rooms.values()) for (const connections of room.values()) yield* connections;
	}

	#stamp(event: Unstamped): string {
		return JSON.stringify({ ...event, at: this.#clock.now() });
	}
}

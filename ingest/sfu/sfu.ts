import type { Clock } from "../../core/runtime/clock.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { WorkerSnapshot } from "../workers/worker-messages.ts";
import type { Publisher } from "./publisher.ts";
import { Room } from "./room.ts";
import type { Subscriber } from "./subscriber.ts";

export interface SfuListener {
	/** A publisher's media is connected, or its tracks have changed. */
	onPresent(publisher: Publisher): void;
	onSlots(subscriber: Subscriber): void;
	onEnded(session: Publisher | Subscriber, reason: string): void;
}

/** How soon a lost packet is asked for again, and a wanted keyframe. */
const TICK_MS = 20;

/** The rooms of one worker. */
export class Sfu {
	readonly #rooms = new Map<string, Room>();
	readonly #sessions = new Map<string, Publisher | Subscriber>();
	readonly #clock: Clock;
	readonly #log: Logger;
	readonly #listener: SfuListener;
	readonly #timer: NodeJS.Timeout;
	readonly #packetsOfEnded = { in: 0, out: 0 };

	constructor(listener: SfuListener, { clock, log }: { clock: Clock; log: Logger }) {
		this.#listener = listener;
		this.#clock = clock;
		this.#log = log;
		this.#timer = setInterval(() => this.#tick(), TICK_MS);
	}

	room(webinarId: string): Room | undefined {
		return this.#rooms.get(webinarId);
	}

	addPublisher(publisher: Publisher): void {
		this.#follow(publisher, () => {
			this.#packetsOfEnded.in += publisher.packets;
		});
		this.#openRoom(publisher.webinarId).addPublisher(publisher);
	}

	addSubscriber(subscriber: Subscriber): void {
		this.#follow(subscriber, () => {
			this.#packetsOfEnded.out += subscriber.packets;
		});
		this.#openRoom(subscriber.webinarId).addSubscriber(subscriber);
	}

	/** `maxHeight` null: as the subscriber's page has it. */
	select(session: string, slot: number, maxHeight: number | null): void {
		const found = this.#sessions.get(session);
		if (found && "shown" in found) found.select(slot, { maxHeight: maxHeight ?? undefined });
	}

	closeSession(session: string, reason: string): void {
		this.#sessions.get(session)?.close(reason);
	}

	snapshot(): WorkerSnapshot {
		const rooms = [...this.#rooms.values()];
		const publishers = rooms
			.flatMap((room) => room.publishers)
			.map((publisher) => ({
				...idsOf(publisher),
				source: publisher.source,
				packets: publisher.packets,
				figures: publisher.figures(),
			}));
		const subscribers = rooms
			.flatMap((room) => room.subscribers)
			.filter(({ connected }) => connected)
			.map((subscriber) => ({
				...idsOf(subscriber),
				packets: subscriber.packets,
				layers: subscriber.people.map((_, slot) => subscriber.layers(slot)),
				figures: subscriber.figures(),
			}));
		return {
			packetsIn: publishers.reduce((sum, { packets }) => sum + packets, this.#packetsOfEnded.in),
			packetsOut: subscribers.reduce((sum, { packets }) => sum + packets, this.#packetsOfEnded.out),
			publishers,
			subscribers,
		};
	}

	close(): void {
		clearInterval(this.#timer);
		for (const room of [...this.#rooms.values()]) room.close("server closes");
	}

	#follow(session: Publisher | Subscriber, count: () => void): void {
		this.#sessions.set(session.session, session);
		session.on("closed", (reason: string) => {
			count();
			this.#sessions.delete(session.session);
			this.#listener.onEnded(session, reason);
		});
	}

	#openRoom(webinarId: string): Room {
		const open = this.#rooms.get(webinarId);
		if (open) return open;
		const room = new Room(webinarId, { clock: this.#clock });
		room.on("present", (publisher) => this.#listener.onPresent(publisher));
		room.on("slots", (subscriber) => this.#listener.onSlots(subscriber));
		room.on("empty", () => this.#rooms.delete(webinarId));
		this.#rooms.set(webinarId, room);
		return room;
	}

	#tick(): void {
		for (const room of this.#rooms.values()) {
			try {
				room.tick();
			} catch (err) {
				this.#log.error({ err, webinarId: room.webinarId }, "a room's tick failed");
			}
		}
	}
}

function idsOf({ webinarId, personId, session }: Publisher | Subscriber) {
	return { webinarId, personId, session };
}

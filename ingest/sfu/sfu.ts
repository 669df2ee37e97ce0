import type { Bus } from "../../core/runtime/bus.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { Publisher } from "./publisher.ts";
import { Room } from "./room.ts";
import type { Subscriber } from "./subscriber.ts";

/** How soon a lost packet is asked for again, and a wanted keyframe. */
const TICK_MS = 20;

/** Every webinar's room. What happens in them is told on the bus; what the bus says about people is done. */
export class Sfu {
	readonly #rooms = new Map<string, Room>();
	readonly #clock: Clock;
	readonly #bus: Bus;
	readonly #log: Logger;
	readonly #timer: NodeJS.Timeout;
	readonly #unsubscribe: (() => void)[];
	readonly #packetsOfEnded = { in: 0, out: 0 };

	constructor({ clock, bus, log }: { clock: Clock; bus: Bus; log: Logger }) {
		this.#clock = clock;
		this.#bus = bus;
		this.#log = log;
		this.#timer = setInterval(() => this.#tick(), TICK_MS);
		this.#unsubscribe = [
			bus.subscribe("person-removed", ({ webinarId, personId }) => this.#rooms.get(webinarId)?.removePerson(personId)),
			bus.subscribe("webinar-closed", ({ webinarId }) => this.#rooms.get(webinarId)?.close("webinar closed")),
		];
	}

	room(webinarId: string): Room | undefined {
		return this.#rooms.get(webinarId);
	}

	addPublisher(publisher: Publisher): void {
		publisher.on("closed", (reason) => {
			this.#packetsOfEnded.in += publisher.packets;
			this.#log.info({ webinarId: publisher.webinarId, personId: publisher.personId, reason }, "publisher ended");
		});
		this.#openRoom(publisher.webinarId).addPublisher(publisher);
	}

	addSubscriber(subscriber: Subscriber): void {
		subscriber.on("closed", (reason) => {
			this.#packetsOfEnded.out += subscriber.packets;
			this.#log.info({ webinarId: subscriber.webinarId, personId: subscriber.personId, reason }, "subscriber ended");
		});
		this.#openRoom(subscriber.webinarId).addSubscriber(subscriber);
	}

	/** For the metrics. */
	totals(): { publishers: number; subscribers: number; packetsIn: number; packetsOut: number } {
		const publishers = [...this.#rooms.values()].flatMap((room) => room.publishers);
		const subscribers = [...this.#rooms.values()].flatMap((room) => room.subscribers);
		return {
			publishers: publishers.length,
			subscribers: subscribers.filter(({ connected }) => connected).length,
			packetsIn: publishers.reduce((sum, { packets }) => sum + packets, this.#packetsOfEnded.in),
			packetsOut: subscribers.reduce((sum, { packets }) => sum + packets, this.#packetsOfEnded.out),
		};
	}

	close(): void {
		clearInterval(this.#timer);
		for (const unsubscribe of this.#unsubscribe) unsubscribe();
		for (const room of [...this.#rooms.values()]) room.close("server closes");
	}

	#openRoom(webinarId: string): Room {
		const open = this.#rooms.get(webinarId);
		if (open) return open;
		const room = new Room(webinarId, { clock: this.#clock });
		room.on("present", (publisher) => {
			const { personId } = publisher;
			this.#bus.publish("publisher-present", {
				webinarId,
				personId,
				audio: publisher.has("audio"),
				video: publisher.has("video"),
			});
		});
		room.on("gone", ({ personId }) => this.#bus.publish("publisher-gone", { webinarId, personId }));
		room.on("slots", ({ personId, session, people }) =>
			this.#bus.publish("slots", { webinarId, personId, session, people }),
		);
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

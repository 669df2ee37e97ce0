import { EventEmitter } from "node:events";
import type { Clock } from "../../core/runtime/clock.ts";
import { ActiveSpeaker } from "./active-speaker.ts";
import type { Publisher } from "./publisher.ts";
import { assignSlots, assignSpeaker } from "./slots.ts";
import type { Subscriber } from "./subscriber.ts";

interface RoomEvents {
	/** A publisher's media flows, or its tracks have changed. */
	present: [publisher: Publisher];
	/** A publisher that was present is no more. */
	gone: [publisher: Publisher];
	/** A session's slots changed hands, or it has just connected. */
	slots: [subscriber: Subscriber];
	/** The last session has ended. */
	empty: [];
}

const SPEAKER_INTERVAL_MS = 100;
/** Reloads leave sessions behind until they time out; a person gets no more than this many at once. */
const MAX_SUBSCRIBERS_PER_PERSON = 4;

/** One webinar's publishers and subscribers, and who sees whom. */
export class Room extends EventEmitter<RoomEvents> {
	readonly webinarId: string;
	readonly #clock: Clock;
	/** By person; connected ones in order of joining. */
	readonly #pending = new Map<string, Publisher>();
	readonly #present = new Map<string, Publisher>();
	readonly #subscribers = new Set<Subscriber>();
	readonly #speaker = new ActiveSpeaker();
	#nextSpeakerMs = 0;

	constructor(webinarId: string, { clock }: { clock: Clock }) {
		super();
		this.webinarId = webinarId;
		this.#clock = clock;
	}

	/** Those whose media is connected, in order of joining. */
	get publishers(): Publisher[] {
		return [...this.#present.values()];
	}

	get subscribers(): Subscriber[] {
		return [...this.#subscribers];
	}

	/** Of a person whose media is connected. */
	publisher(personId: string): Publisher | undefined {
		return this.#present.get(personId);
	}

	/** Anyone's session of this name, connected or not. */
	session(kind: "publisher" | "subscriber", session: string): Publisher | Subscriber | undefined {
		const sessions =
			kind === "publisher" ? [...this.#pending.values(), ...this.#present.values()] : [...this.#subscribers];
		return sessions.find((candidate) => candidate.session === session);
	}

	/** Whether `personId` would see anybody. */
	hasSourceFor(personId: string): boolean {
		return this.#others(personId).length > 0;
	}

	/** In the place of an earlier session of the same person, which ends: a page that was reloaded comes back so. */
	addPublisher(publisher: Publisher): void {
		const { personId } = publisher;
		const earlier = [this.#pending.get(personId), this.#present.get(personId)];
		this.#pending.set(personId, publisher);
		for (const session of earlier) session?.close("replaced");
		publisher.on("connected", () => {
			this.#pending.delete(personId);
			this.#present.set(personId, publisher);
			this.#assign();
			this.emit("present", publisher);
		});
		publisher.on("tracks", () => {
			this.#assign();
			this.emit("present", publisher);
		});
		publisher.on("level", (level) => this.#speaker.onLevel(personId, level, this.#clock.now()));
		publisher.on("closed", () => this.#removePublisher(publisher));
	}

	addSubscriber(subscriber: Subscriber): void {
		const own = this.subscribers.filter(({ personId }) => personId === subscriber.personId);
		if (own.length >= MAX_SUBSCRIBERS_PER_PERSON) own[0]?.close("replaced");
		this.#subscribers.add(subscriber);
		subscriber.on("connected", () => {
			this.#assignTo(subscriber);
			this.emit("slots", subscriber);
		});
		subscriber.on("closed", () => {
			this.#subscribers.delete(subscriber);
			this.#checkEmpty();
		});
		this.#assignTo(subscriber);
		this.emit("slots", subscriber);
	}

	/** Ends every session of a person. */
	removePerson(personId: string): void {
		for (const session of this.#sessions()) if (session.personId === personId) session.close("removed");
	}

	tick(): void {
		for (const publisher of this.#present.values()) publisher.tick();
		for (const subscriber of this.#subscribers) subscriber.tick();
		const now = this.#clock.now();
		if (now < this.#nextSpeakerMs) return;
		this.#nextSpeakerMs = now + SPEAKER_INTERVAL_MS;
		if (this.#speaker.update(now)) this.#assign();
	}

	close(reason: string): void {
		for (const session of this.#sessions()) session.close(reason);
	}

	#sessions(): (Publisher | Subscriber)[] {
		return [...this.#pending.values(), ...this.#present.values(), ...this.#subscribers];
	}

	#removePublisher(publisher: Publisher): void {
		const { personId } = publisher;
		if (this.#pending.get(personId) === publisher) this.#pending.delete(personId);
		if (this.#present.get(personId) === publisher) {
			this.#present.delete(personId);
			this.#speaker.remove(personId);
			this.#assign();
			this.emit("gone", publisher);
		}
		this.#checkEmpty();
	}

	#checkEmpty(): void {
		if (this.#sessions().length === 0) this.emit("empty");
	}

	#others(personId: string): string[] {
		return [...this.#present.keys()].filter((person) => person !== personId);
	}

	#assign(): void {
		for (const subscriber of this.#subscribers) if (this.#assignTo(subscriber)) this.emit("slots", subscriber);
	}

	#assignTo(subscriber: Subscriber): boolean {
		const others = this.#others(subscriber.personId);
		const people = subscriber.followsSpeaker
			? assignSpeaker(subscriber.people, others, this.#speaker.current)
			: assignSlots(subscriber.people, others);
		return subscriber.show(people, (personId) => this.#present.get(personId));
	}
}

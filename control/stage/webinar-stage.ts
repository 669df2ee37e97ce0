import { EventEmitter } from "node:events";
import type { EventTopics } from "../../core/protocol/bus-topics.ts";
import type { Scene } from "../../core/protocol/scene.ts";
import type { Hand, Promotion, Stage, StagePerson } from "../../core/protocol/stage.ts";
import type { Person, Webinar } from "../../core/protocol/webinar.ts";
import type { Bus } from "../../core/runtime/bus.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { AppError } from "../../core/runtime/errors.ts";
import { Guests } from "./guests.ts";
import { Publishers } from "./publishers.ts";

type WebinarStageEvents = {
	/** Who is on stage, or what they send, has changed. */
	stage: [];
	hands: [];
	/** Where this person stands has changed. */
	promotion: [personId: string];
};

export type Slots = Pick<EventTopics["slots"], "session" | "people">;
export type ProgrammeState = EventTopics["programme-state"]["state"];

/** One webinar's stage: who publishes, who is a guest from the audience, and the scene that follows from it. */
export class WebinarStage extends EventEmitter<WebinarStageEvents> {
	/** The last that was said of each person's WHEP session, for a page that connects after it was said. */
	readonly slots = new Map<string, Slots>();
	/** The last that was said of the programme. */
	programmeState: ProgrammeState | undefined;

	readonly #clock: Clock;
	readonly #bus: Bus;
	readonly #publishers = new Publishers();
	readonly #guests: Guests;
	#webinar: Webinar;
	#scene: Scene;

	constructor(webinar: Webinar, { clock, bus }: { clock: Clock; bus: Bus }) {
		super();
		this.#webinar = webinar;
		this.#clock = clock;
		this.#bus = bus;
		this.#guests = new Guests({ clock });
		this.#scene = { webinarId: webinar.id, version: clock.now(), title: webinar.title, people: [] };
	}

	get webinarId(): string {
		return this.#webinar.id;
	}

	get scene(): Scene {
		return this.#scene;
	}

	get hands(): Hand[] {
		return this.#guests.hands();
	}

	/** All who publish, as those on stage and the host see them. */
	get stage(): Stage {
		return { people: this.#publishers.list() };
	}

	/** The stage without those whom the host holds backstage. */
	get stageOnAir(): Stage {
		return { people: this.#publishers.list().filter(({ onAir }) => onAir) };
	}

	/** The stage as this person may see it: a guest needs all of it from the offer on, the rest of the audience does not. */
	stageSeenBy({ role, personId }: Person): Stage {
		return role !== "attendee" || this.isPromoted(personId) ? this.stage : this.stageOnAir;
	}

	promotion(personId: string): Promotion {
		return this.#guests.promotion(personId);
	}

	isPromoted(personId: string): boolean {
		return this.#guests.isPromoted(personId);
	}

	/** Asks for the programme of a live webinar. Again is harmless. */
	requestProgramme(): void {
		this.#bus.retain("programme", this.webinarId, { desired: "live", scene: this.#scene });
	}

	/** The webinar was patched, started or ended. */
	webinarChanged(webinar: Webinar): void {
		const before = this.#webinar.state;
		this.#webinar = webinar;
		if (webinar.state === "ended") {
			if (before !== "ended") this.#end();
			return;
		}
		this.#moveScene();
		if (webinar.state === "live") this.requestProgramme();
	}

	/** The webinar is no more. It was not live. */
	webinarDeleted(): void {
		this.#bus.retain("programme", this.webinarId, null);
		this.#bus.publish("webinar-closed", { webinarId: this.webinarId });
	}

	/** The person publishes. Someone of the audience who is not promoted is removed. */
	publisherPresent(person: Person, media: { audio: boolean; video: boolean }): void {
		const { personId } = person;
		const hasEnded = this.#webinar.state === "ended";
		const visit = person.role === "attendee" ? this.#guests.present(personId) : "stayed";
		if (hasEnded || visit === "refused") {
			this.#disconnect(personId);
			return;
		}
		if (this.#publishers.present(person, media)) this.#stageChanged();
		if (visit === "arrived") {
			this.emit("promotion", personId);
			this.emit("hands");
		}
	}

	publisherGone(personId: string): void {
		this.#guests.gone(personId);
		if (this.#publishers.gone(personId)) this.#stageChanged();
	}

	/** @throws AppError person-unknown: that person does not publish */
	setOnAir(personId: string, onAir: boolean): StagePerson {
		const person = this.#publishers.setOnAir(personId, onAir);
		if (!person) throw new AppError("person-unknown");
		this.#stageChanged();
		return person;
	}

	raiseHand(person: Person): void {
		if (this.#webinar.state === "ended") return;
		if (this.#guests.raise(person)) this.emit("hands");
		// Also when it was refused, so that the person's page does not show a hand nobody sees.
		this.emit("promotion", person.personId);
	}

	lowerHand(personId: string): void {
		const wasPromoted = this.isPromoted(personId);
		if (this.#guests.lower(personId)) this.#visitEnded(personId, wasPromoted);
	}

	/** @throws AppError hand-not-raised, webinar-ended */
	acceptHand(personId: string, token: string): Hand {
		if (this.#webinar.state === "ended") throw new AppError("webinar-ended");
		const { hand, changed } = this.#guests.offer(personId, token);
		if (changed) {
			this.emit("promotion", personId);
			this.emit("hands");
		}
		return hand;
	}

	/** A guest goes back to the audience. Nothing happens to anyone else. */
	leave(personId: string): void {
		if (this.isPromoted(personId)) this.#endVisit(personId);
	}

	/**
	 * The host takes someone off the stage, withdraws an offer or takes a hand down.
	 * @throws AppError person-unknown: neither publishing nor a guest
	 */
	remove(personId: string): void {
		if (this.#guests.promotion(personId).state !== "none") {
			this.#endVisit(personId);
			return;
		}
		if (!this.#publishers.remove(personId)) throw new AppError("person-unknown");
		this.#disconnect(personId);
		this.#stageChanged();
	}

	setConnected(personId: string, connected: boolean): void {
		this.#guests.setConnected(personId, connected);
	}

	/** Ends what has run out of time. To be called a few times a second. */
	expire(): void {
		for (const personId of this.#guests.overdue()) this.#endVisit(personId);
	}

	#endVisit(personId: string): void {
		const wasPromoted = this.isPromoted(personId);
		this.#guests.end(personId);
		this.#visitEnded(personId, wasPromoted);
	}

	#visitEnded(personId: string, wasPromoted: boolean): void {
		if (wasPromoted) this.#disconnect(personId);
		if (this.#publishers.remove(personId)) this.#stageChanged();
		this.emit("promotion", personId);
		this.emit("hands");
	}

	#disconnect(personId: string): void {
		this.slots.delete(personId);
		this.#bus.publish("person-removed", { webinarId: this.webinarId, personId });
	}

	#stageChanged(): void {
		if (this.#moveScene() && this.#webinar.state === "live") this.requestProgramme();
		this.emit("stage");
	}

	/** Says whether there is a new scene. */
	#moveScene(): boolean {
		const { title } = this.#webinar;
		const people = this.#publishers.onAir();
		if (title === this.#scene.title && isSameCast(people, this.#scene.people)) return false;
		// The clock makes the first version after a restart higher than the last one before it.
		const version = Math.max(this.#scene.version + 1, this.#clock.now());
		this.#scene = { webinarId: this.webinarId, version, title, people };
		return true;
	}

	#end(): void {
		this.#bus.retain("programme", this.webinarId, { desired: "ended", scene: this.#scene });
		this.#bus.publish("webinar-closed", { webinarId: this.webinarId });
		this.#publishers.clear();
		this.slots.clear();
		const guests = this.#guests.endAll();
		this.emit("stage");
		this.emit("hands");
		for (const personId of guests) this.emit("promotion", personId);
	}
}

function isSameCast(a: Scene["people"], b: Scene["people"]): boolean {
	return a.length === b.length && a.every(({ personId }, index) => personId === b[index]?.personId);
}

import { EventEmitter } from "node:events";
import type { EventTopics } from "../../core/protocol/bus-topics.ts";
import type { Scene } from "../../core/protocol/scene.ts";
import type { DirectedScene, PatchScene } from "../../core/protocol/scene-direction.ts";
import type { Hand, MediaSource, Promotion, Stage, StagePerson } from "../../core/protocol/stage.ts";
import type { Person, Webinar } from "../../core/protocol/webinar.ts";
import type { Bus } from "../../core/runtime/bus.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { AppError } from "../../core/runtime/errors.ts";
import { Guests } from "./guests.ts";
import { type PublishedKinds, Publishers } from "./publishers.ts";
import { SceneDirector } from "./scene-director.ts";
import type { SceneSettings } from "./scene-settings.ts";

type WebinarStageEvents = {
	/** Who is on stage, or what they send, has changed. */
	stage: [];
	hands: [];
	/** The programme is to look otherwise. */
	scene: [];
	/** What is to be kept about the scene has changed other than by `direct`. */
	settings: [];
	/** Where this person stands has changed. */
	promotion: [personId: string];
};

export type Slots = Pick<EventTopics["slots"], "session" | "people" | "sources">;
export type ProgrammeHealth = Required<Pick<EventTopics["programme-state"], "state" | "shedding">>;

/** One webinar's stage: who publishes, who is a guest from the audience, and the scene that follows from it. */
export class WebinarStage extends EventEmitter<WebinarStageEvents> {
	/** The last that was said of each person's WHEP session, for a page that connects after it was said. */
	readonly slots = new Map<string, Slots>();
	/** Why the programme does not reach the disk, while it does not. */
	archiveFailure: string | undefined;
	/** The last that was said of the programme. */
	programme: ProgrammeHealth | undefined;

	readonly #bus: Bus;
	readonly #publishers = new Publishers();
	readonly #guests: Guests;
	readonly #director: SceneDirector;
	#webinar: Webinar;
	#isRestored = false;
	#isWatched = false;
	#isPreviewed = false;

	constructor(webinar: Webinar, { clock, bus }: { clock: Clock; bus: Bus }) {
		super();
		this.#webinar = webinar;
		this.#bus = bus;
		this.#guests = new Guests({ clock });
		this.#director = new SceneDirector(webinar, { clock });
	}

	get webinarId(): string {
		return this.#webinar.id;
	}

	get scene(): Scene {
		return this.#director.scene;
	}

	get directedScene(): DirectedScene {
		return this.#director.directedScene;
	}

	get settings(): SceneSettings {
		return this.#director.settings;
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

	/** Takes up what was kept. No programme is asked for before, so that it begins as it should look. */
	restore(settings: SceneSettings): void {
		this.#isRestored = true;
		if (this.#director.restore(settings)) this.emit("scene");
		this.#requestProgramme();
	}

	/**
	 * The host wants the programme otherwise.
	 * @throws AppError webinar-ended, not-on-stage: there is nothing to pin there
	 */
	direct(patch: PatchScene): void {
		if (this.#webinar.state === "ended") throw new AppError("webinar-ended");
		const pinned = patch.layout?.pinned;
		if (pinned && !this.#publishers.shows(pinned.personId, pinned.source)) throw new AppError("not-on-stage");
		if (this.#director.direct(patch)) this.#requestProgramme();
		this.emit("scene");
	}

	/** Whether somebody looks at the programme before it is live. */
	setWatched(watched: boolean): void {
		this.#isWatched = watched;
		this.#requestProgramme();
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
		this.#requestProgramme();
	}

	/** The webinar is no more. It was not live. */
	webinarDeleted(): void {
		this.#bus.retain("programme", this.webinarId, null);
		this.#bus.publish("webinar-closed", { webinarId: this.webinarId });
	}

	/** The person publishes. Someone of the audience who is not promoted is removed. */
	publisherPresent(person: Person, source: MediaSource, media: PublishedKinds): void {
		const { personId } = person;
		const hasEnded = this.#webinar.state === "ended";
		const visit = person.role === "attendee" ? this.#guests.present(personId) : "stayed";
		if (hasEnded || visit === "refused") {
			this.#disconnect(personId);
			return;
		}
		if (this.#publishers.present(person, source, media)) this.#stageChanged();
		if (visit === "arrived") {
			this.emit("promotion", personId);
			this.emit("hands");
		}
	}

	publisherGone(personId: string, source: MediaSource): void {
		const changed = this.#publishers.gone(personId, source);
		if (!this.#publishers.isPublishing(personId)) this.#guests.gone(personId);
		if (changed) this.#stageChanged();
	}

	/** @throws AppError person-unknown: that person does not publish */
	setOnAir(personId: string, onAir: boolean): StagePerson {
		const person = this.#publishers.setOnAir(personId, onAir);
		if (!person) throw new AppError("person-unknown");
		this.#stageChanged();
		return person;
	}

	/** As the method of the publishers. It means nothing in the audience. */
	cameraSaid({ role, personId }: Person, on: boolean, saidOver: object): void {
		if (role === "attendee" && !this.isPromoted(personId)) return;
		if (this.#publishers.cameraSaid(personId, on, saidOver)) this.#stageChanged();
	}

	connectionGone(personId: string, connection: object): void {
		this.#publishers.connectionGone(personId, connection);
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
		this.#unpin(personId);
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
		this.#unpin(personId);
		if (this.#publishers.remove(personId)) this.#stageChanged();
		this.emit("promotion", personId);
		this.emit("hands");
	}

	#unpin(personId: string): void {
		if (this.#director.unpin(personId)) this.emit("settings");
	}

	#disconnect(personId: string): void {
		this.slots.delete(personId);
		this.#bus.publish("person-removed", { webinarId: this.webinarId, personId });
	}

	#stageChanged(): void {
		if (this.#moveScene()) this.#requestProgramme();
		this.emit("stage");
	}

	/** Asks for the programme that is wanted now, if one is. Again is harmless. */
	#requestProgramme(): void {
		const { state } = this.#webinar;
		const isPreviewed = state === "scheduled" && this.#isWatched;
		if (!this.#isRestored || state === "ended") return;
		if (state === "live" || isPreviewed) {
			const desired = isPreviewed ? "preview" : "live";
			this.#bus.retain("programme", this.webinarId, { desired, scene: this.scene });
		} else if (this.#isPreviewed) this.#bus.retain("programme", this.webinarId, null);
		this.#isPreviewed = isPreviewed;
	}

	/** Says whether there is a new scene. */
	#moveScene(): boolean {
		const { hasBeenOnAir } = this.settings;
		const moved = this.#director.follow(this.#webinar, this.#publishers.onAir());
		if (moved) this.emit("scene");
		if (this.settings.hasBeenOnAir !== hasBeenOnAir) this.emit("settings");
		return moved;
	}

	#end(): void {
		this.#bus.retain("programme", this.webinarId, { desired: "ended", scene: this.scene });
		this.#bus.publish("webinar-closed", { webinarId: this.webinarId });
		this.#publishers.clear();
		this.slots.clear();
		const guests = this.#guests.endAll();
		this.emit("stage");
		this.emit("hands");
		for (const personId of guests) this.emit("promotion", personId);
	}
}

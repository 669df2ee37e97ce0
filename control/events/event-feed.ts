import type { ClientMessage } from "../../core/protocol/events.ts";
import type { Person, Webinar } from "../../core/protocol/webinar.ts";
import type { Bus } from "../../core/runtime/bus.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import type { Stages } from "../stage/stages.ts";
import type { WebinarStage } from "../stage/webinar-stage.ts";
import type { Webinars } from "../webinars.ts";
import type { Connection, EventSocket } from "./connection.ts";
import { EventHub } from "./hub.ts";

const WATCHING_INTERVAL_MS = 1000;
/** Hosts are sent the whole list of hands; many at once come as one. */
const HANDS_INTERVAL_MS = 200;

const isHost = ({ role }: Person) => role === "host";

/** Says what happens in a webinar to those it concerns, and does what they ask. */
export class EventFeed {
	readonly #hub: EventHub;
	readonly #stages: Stages;
	readonly #handsToTell = new Set<WebinarStage>();
	readonly #toldWatching = new Map<string, number>();
	readonly #stops: (() => void)[];

	constructor({ webinars, stages, clock, bus }: { webinars: Webinars; stages: Stages; clock: Clock; bus: Bus }) {
		this.#stages = stages;
		this.#hub = new EventHub({
			clock,
			listener: {
				message: (connection, message) => this.#receive(connection, message),
				personGone: (webinarId, { personId }) => stages.find(webinarId)?.setConnected(personId, false),
			},
		});
		const watching = setInterval(() => this.#tellWatching(), WATCHING_INTERVAL_MS);
		const hands = setInterval(() => this.#tellHands(), HANDS_INTERVAL_MS);
		// Before the stage hears of it, so that nobody is told of an emptied stage without its reason.
		webinars.prependListener("changed", (webinar) => this.#hub.sendToAll(webinar.id, { type: "webinar", webinar }));
		webinars.on("deleted", (webinarId) => this.#hub.closeWebinar(webinarId, "normal", "the webinar was deleted"));
		stages.on("stage", (stage) => this.#tellStage(stage));
		stages.on("hands", (stage) => this.#handsToTell.add(stage));
		stages.on("promotion", (stage, personId) => this.#tellPromotion(stage, personId));
		this.#stops = [
			() => clearInterval(watching),
			() => clearInterval(hands),
			bus.subscribe("slots", ({ webinarId, personId, session, people }) => {
				stages.find(webinarId)?.slots.set(personId, { session, people });
				this.#hub.sendToPerson(webinarId, personId, { type: "slots", session, people });
			}),
			bus.subscribe("programme-state", ({ webinarId, state }) => {
				const stage = stages.find(webinarId);
				if (stage) stage.programmeState = state;
				this.#hub.sendToAll(webinarId, { type: "programme", state }, isHost);
			}),
		];
	}

	/** Takes on a WebSocket that was just opened by `person`, and says how things are. */
	connect(socket: EventSocket, person: Person, webinar: Webinar): void {
		const stage = this.#stages.open(webinar);
		const connection = this.#hub.add(socket, webinar.id, person);
		stage.setConnected(person.personId, true);
		this.#hub.send(connection, {
			type: "welcome",
			you: person,
			webinar,
			stage: stage.stageSeenBy(person),
			promotion: stage.promotion(person.personId),
			...(isHost(person) ? { hands: stage.hands, watching: this.#hub.countAttendees(webinar.id) } : {}),
		});
		const slots = stage.slots.get(person.personId);
		if (slots) this.#hub.send(connection, { type: "slots", ...slots });
		if (isHost(person) && stage.programmeState) {
			this.#hub.send(connection, { type: "programme", state: stage.programmeState });
		}
	}

	async close(): Promise<void> {
		for (const stop of this.#stops) stop();
		await this.#hub.close();
	}

	#receive(connection: Connection, message: ClientMessage): void {
		const { person, webinarId } = connection;
		const stage = this.#stages.find(webinarId);
		if (message.type === "ping") this.#hub.send(connection, { type: "pong", id: message.id });
		else if (person.role !== "attendee") connection.close("unfit", "hands and visits are the audience's");
		else if (message.type === "leave-stage") stage?.leave(person.personId);
		else if (message.raised) stage?.raiseHand(person);
		else stage?.lowerHand(person.personId);
	}

	#tellStage(stage: WebinarStage): void {
		const { webinarId } = stage;
		const isOfStage = ({ role, personId }: Person) => role !== "attendee" || stage.isPromoted(personId);
		this.#hub.sendToAll(webinarId, { type: "stage", stage: stage.stage }, isOfStage);
		this.#hub.sendToAll(webinarId, { type: "stage", stage: stage.stageOnAir }, (person) => !isOfStage(person));
	}

	#tellPromotion(stage: WebinarStage, personId: string): void {
		const { webinarId } = stage;
		const promotion = stage.promotion(personId);
		this.#hub.sendToPerson(webinarId, personId, { type: "promotion", promotion });
		if (promotion.state === "raised") return;
		// What a guest may see of the stage changes with it.
		const seen = promotion.state === "none" ? stage.stageOnAir : stage.stage;
		this.#hub.sendToPerson(webinarId, personId, { type: "stage", stage: seen });
	}

	#tellHands(): void {
		for (const stage of this.#handsToTell) {
			this.#hub.sendToAll(stage.webinarId, { type: "hands", hands: stage.hands }, isHost);
		}
		this.#handsToTell.clear();
	}

	#tellWatching(): void {
		const previous = new Map(this.#toldWatching);
		this.#toldWatching.clear();
		for (const webinarId of this.#hub.webinarIds()) {
			const watching = this.#hub.countAttendees(webinarId);
			this.#toldWatching.set(webinarId, watching);
			if (watching !== (previous.get(webinarId) ?? 0)) {
				this.#hub.sendToAll(webinarId, { type: "watching", watching }, isHost);
			}
		}
	}
}

import type { ClientMessage } from "../../core/protocol/events.ts";
import type { PersonFigures } from "../../core/protocol/figures.ts";
import type { Person, Webinar } from "../../core/protocol/webinar.ts";
import type { Bus } from "../../core/runtime/bus.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { Audiences } from "../audience/audiences.ts";
import type { Outputs } from "../programme/outputs.ts";
import type { Stages } from "../stage/stages.ts";
import type { WebinarStage } from "../stage/webinar-stage.ts";
import type { Webinars } from "../webinars.ts";
import type { Connection, EventSocket } from "./connection.ts";
import { EventHub } from "./hub.ts";

const WATCHING_INTERVAL_MS = 1000;
/** Hosts are sent the whole list of hands; many at once come as one. */
const HANDS_INTERVAL_MS = 200;

const isHost = ({ role }: Person) => role === "host";

export interface EventFeedParts {
	webinars: Webinars;
	stages: Stages;
	outputs: Outputs;
	/** Undefined: players do not report. */
	audiences: Audiences | undefined;
	clock: Clock;
	bus: Bus;
	log: Logger;
}

/** Says what happens in a webinar to those it concerns, and does what they ask. */
export class EventFeed {
	readonly #hub: EventHub;
	readonly #stages: Stages;
	readonly #outputs: Outputs;
	readonly #audiences: Audiences | undefined;
	readonly #log: Logger;
	readonly #handsToTell = new Set<WebinarStage>();
	readonly #toldWatching = new Map<string, number>();
	readonly #stops: (() => void)[];

	constructor({ webinars, stages, outputs, audiences, clock, bus, log }: EventFeedParts) {
		this.#stages = stages;
		this.#outputs = outputs;
		this.#audiences = audiences;
		this.#log = log;
		this.#hub = new EventHub({
			clock,
			listener: {
				message: (connection, message) => this.#receive(connection, message),
				connectionGone: (connection) =>
					stages.find(connection.webinarId)?.connectionGone(connection.person.personId, connection),
				personGone: (webinarId, { personId }) => stages.find(webinarId)?.setConnected(personId, false),
			},
		});
		const watching = setInterval(() => this.#tellWatching(), WATCHING_INTERVAL_MS);
		const hands = setInterval(() => this.#tellHands(), HANDS_INTERVAL_MS);
		// Before the stage hears of it, so that nobody is told of an emptied stage without its reason.
		webinars.prependListener("changed", (webinar) => this.#hub.sendToAll(webinar.id, { type: "webinar", webinar }));
		webinars.on("deleted", (webinarId) => this.#hub.closeWebinar(webinarId, "normal", "the webinar was deleted"));
		stages.on("stage", (stage) => this.#tellStage(stage));
		stages.on("scene", (stage) => {
			const { webinarId, directedScene } = stage;
			this.#hub.sendToAll(webinarId, { type: "scene", scene: directedScene }, isHost);
		});
		stages.on("hands", (stage) => this.#handsToTell.add(stage));
		stages.on("promotion", (stage, personId) => this.#tellPromotion(stage, personId));
		audiences?.on("changed", (webinarId, audience) =>
			this.#hub.sendToAll(webinarId, { type: "audience", audience }, isHost),
		);
		const tellOutputs = (webinarId: string) => void this.#tellOutputs(webinarId);
		outputs.on("changed", tellOutputs);
		this.#stops = [
			() => outputs.off("changed", tellOutputs),
			() => clearInterval(watching),
			() => clearInterval(hands),
			bus.subscribe("slots", ({ webinarId, personId, session, people, sources }) => {
				stages.find(webinarId)?.slots.set(personId, { session, people, sources });
				this.#hub.sendToPerson(webinarId, personId, { type: "slots", session, people, sources });
			}),
			bus.subscribe("session-ended", ({ webinarId, personId, session, reason }) =>
				this.#hub.sendToPerson(webinarId, personId, { type: "session-ended", session, reason }),
			),
			bus.subscribe("stage-figures", ({ webinarId, people }) => this.#tellFigures(webinarId, people)),
			bus.subscribe("programme-state", ({ webinarId, state, shedding = "none" }) => {
				const stage = stages.find(webinarId);
				if (stage) stage.programme = { state, shedding };
				this.#hub.sendToAll(webinarId, { type: "programme", state, shedding }, isHost);
			}),
			bus.subscribe("archive-state", ({ webinarId, state, reason = "unknown" }) => {
				const stage = stages.find(webinarId);
				if (stage) stage.archiveFailure = state === "failing" ? reason : undefined;
				this.#hub.sendToAll(webinarId, { type: "archive", state, ...(state === "failing" && { reason }) }, isHost);
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
			...(isHost(person) ? this.#welcomeOfHosts(stage) : {}),
		});
		const slots = stage.slots.get(person.personId);
		if (slots) this.#hub.send(connection, { type: "slots", ...slots });
		if (!isHost(person)) return;
		if (stage.programme) this.#hub.send(connection, { type: "programme", ...stage.programme });
		const { archiveFailure: reason } = stage;
		if (reason !== undefined) this.#hub.send(connection, { type: "archive", state: "failing", reason });
		void this.#tellOutputs(webinar.id, connection);
	}

	async close(): Promise<void> {
		for (const stop of this.#stops) stop();
		await this.#hub.close();
	}

	#receive(connection: Connection, message: ClientMessage): void {
		const { person, webinarId } = connection;
		const stage = this.#stages.find(webinarId);
		if (message.type === "ping") this.#hub.send(connection, { type: "pong", id: message.id });
		else if (message.type === "camera") stage?.cameraSaid(person, message.on, connection);
		else if (person.role !== "attendee") connection.close("unfit", "hands and visits are the audience's");
		else if (message.type === "leave-stage") stage?.leave(person.personId);
		else if (message.raised) stage?.raiseHand(person);
		else stage?.lowerHand(person.personId);
	}

	#welcomeOfHosts({ webinarId, hands, directedScene }: WebinarStage) {
		const audience = this.#audiences?.audienceOf(webinarId);
		return { hands, watching: this.#hub.countAttendees(webinarId), scene: directedScene, audience };
	}

	/** All hosts, or one of them who has just come. */
	async #tellOutputs(webinarId: string, connection?: Connection): Promise<void> {
		try {
			const event = { type: "outputs", outputs: await this.#outputs.list(webinarId) } as const;
			if (connection) this.#hub.send(connection, event);
			else this.#hub.sendToAll(webinarId, event, isHost);
		} catch (err) {
			this.#log.error({ err, webinarId }, "the outputs could not be read");
		}
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

	/** Each session was admitted, so whoever has figures is of the stage. */
	#tellFigures(webinarId: string, people: PersonFigures[]): void {
		this.#hub.sendToAll(webinarId, { type: "figures", people }, isHost);
		for (const own of people) {
			const { personId } = own;
			this.#hub.sendToPerson(webinarId, personId, { type: "figures", people: [own] }, (person) => !isHost(person));
		}
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

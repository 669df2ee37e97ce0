import { EventEmitter } from "node:events";
import type { EventTopics } from "../../core/protocol/bus-topics.ts";
import type { Webinar } from "../../core/protocol/webinar.ts";
import type { Bus } from "../../core/runtime/bus.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { AppError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { People } from "../people.ts";
import type { Webinars } from "../webinars.ts";
import { WebinarStage } from "./webinar-stage.ts";

type StagesEvents = {
	/** As the events of the same name of one webinar's stage. */
	stage: [stage: WebinarStage];
	hands: [stage: WebinarStage];
	promotion: [stage: WebinarStage, personId: string];
};

const EXPIRY_INTERVAL_MS = 500;

/**
 * The stages of all webinars that somebody looked at since the start and that have not ended. It takes in what ingest says
 * over the bus and what becomes of the webinars.
 */
export class Stages extends EventEmitter<StagesEvents> {
	readonly #stages = new Map<string, WebinarStage>();
	readonly #webinars: Webinars;
	readonly #people: People;
	readonly #clock: Clock;
	readonly #bus: Bus;
	readonly #log: Logger;
	readonly #stops: (() => void)[];
	/** What ingest says takes a look into the database each, and is to be worked off in its order. */
	#intake: Promise<void> = Promise.resolve();

	constructor({
		webinars,
		people,
		clock,
		bus,
		log,
	}: { webinars: Webinars; people: People; clock: Clock; bus: Bus; log: Logger }) {
		super();
		this.#webinars = webinars;
		this.#people = people;
		this.#clock = clock;
		this.#bus = bus;
		this.#log = log;
		const expiry = setInterval(() => this.expire(), EXPIRY_INTERVAL_MS);
		webinars.on("changed", this.#webinarChanged);
		webinars.on("deleted", this.#webinarDeleted);
		this.#stops = [
			() => clearInterval(expiry),
			() => webinars.off("changed", this.#webinarChanged),
			() => webinars.off("deleted", this.#webinarDeleted),
			bus.subscribe("publisher-present", (event) => this.#takeIn(() => this.#publisherPresent(event))),
			bus.subscribe("publisher-gone", ({ webinarId, personId }) =>
				this.#takeIn(async () => this.find(webinarId)?.publisherGone(personId)),
			),
		];
	}

	/** Asks again for the programmes of webinars that were live when the server stopped. */
	async resume(): Promise<void> {
		for (const webinar of await this.#webinars.inState("live")) this.open(webinar).requestProgramme();
	}

	/** The webinar's stage. That of an ended one stays empty. */
	open(webinar: Webinar): WebinarStage {
		const known = this.#stages.get(webinar.id);
		if (known) return known;
		const stage = new WebinarStage(webinar, { clock: this.#clock, bus: this.#bus });
		if (webinar.state === "ended") return stage;
		stage.on("stage", () => this.emit("stage", stage));
		stage.on("hands", () => this.emit("hands", stage));
		stage.on("promotion", (personId) => this.emit("promotion", stage, personId));
		this.#stages.set(webinar.id, stage);
		return stage;
	}

	/** The webinar's stage, if it was opened and the webinar has not ended. */
	find(webinarId: string): WebinarStage | undefined {
		return this.#stages.get(webinarId);
	}

	expire(): void {
		for (const stage of this.#stages.values()) stage.expire();
	}

	async close(): Promise<void> {
		for (const stop of this.#stops) stop();
		await this.#intake;
	}

	readonly #webinarChanged = (webinar: Webinar): void => {
		const stage = webinar.state === "live" ? this.open(webinar) : this.find(webinar.id);
		stage?.webinarChanged(webinar);
		if (webinar.state === "ended") this.#stages.delete(webinar.id);
	};

	readonly #webinarDeleted = (webinarId: string): void => {
		this.find(webinarId)?.webinarDeleted();
		this.#stages.delete(webinarId);
	};

	#takeIn(work: () => Promise<void>): void {
		this.#intake = this.#intake
			.then(work)
			.catch((error) => this.#log.error({ err: error }, "a publisher was not taken in"));
	}

	async #publisherPresent({ webinarId, personId, audio, video }: EventTopics["publisher-present"]): Promise<void> {
		try {
			const person = await this.#people.find(webinarId, personId);
			if (!person) throw new AppError("person-unknown");
			this.open(await this.#webinars.get(webinarId)).publisherPresent(person, { audio, video });
		} catch (error) {
			if (!(error instanceof AppError)) throw error;
			// Admitted a moment before the webinar was deleted.
			this.#bus.publish("person-removed", { webinarId, personId });
		}
	}
}

import { EventEmitter } from "node:events";
import type { EventTopics } from "../../core/protocol/bus-topics.ts";
import type { DirectedScene, PatchScene } from "../../core/protocol/scene-direction.ts";
import type { Webinar } from "../../core/protocol/webinar.ts";
import type { Bus } from "../../core/runtime/bus.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { AppError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { People } from "../people.ts";
import type { Brands } from "../programme/brands.ts";
import type { Outputs } from "../programme/outputs.ts";
import type { Webinars } from "../webinars.ts";
import { plainSettings, type SceneSettingsStore } from "./scene-settings.ts";
import { WebinarStage } from "./webinar-stage.ts";

type StagesEvents = {
	/** As the events of the same name of one webinar's stage. */
	stage: [stage: WebinarStage];
	hands: [stage: WebinarStage];
	scene: [stage: WebinarStage];
	promotion: [stage: WebinarStage, personId: string];
};

const EXPIRY_INTERVAL_MS = 500;

export interface StagesParts {
	webinars: Webinars;
	people: People;
	sceneSettings: SceneSettingsStore;
	brands: Brands;
	outputs: Outputs;
	clock: Clock;
	bus: Bus;
	log: Logger;
}

/**
 * The stages of all webinars that somebody looked at since the start and that have not ended. It takes in what ingest says
 * over the bus and what becomes of the webinars.
 */
export class Stages extends EventEmitter<StagesEvents> {
	readonly #stages = new Map<string, WebinarStage>();
	/** Of each stage, by webinar: what was kept about it is being read. */
	readonly #restorations = new Map<string, Promise<void>>();
	/** Webinars whose programme somebody looks at. */
	readonly #watched = new Set<string>();
	readonly #webinars: Webinars;
	readonly #people: People;
	readonly #sceneSettings: SceneSettingsStore;
	readonly #brands: Brands;
	readonly #outputs: Outputs;
	readonly #clock: Clock;
	readonly #bus: Bus;
	readonly #log: Logger;
	readonly #stops: (() => void)[];
	/** What ingest says takes a look into the database each, and is to be worked off in its order. */
	#intake: Promise<void> = Promise.resolve();

	constructor({ webinars, people, sceneSettings, brands, outputs, clock, bus, log }: StagesParts) {
		super();
		this.#webinars = webinars;
		this.#people = people;
		this.#sceneSettings = sceneSettings;
		this.#brands = brands;
		this.#outputs = outputs;
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
			bus.subscribe("publisher-gone", ({ webinarId, personId, source }) =>
				this.#takeIn(async () => this.find(webinarId)?.publisherGone(personId, source)),
			),
			bus.watch("programme-watched", (webinarId, watched) => {
				if (watched) this.#watched.add(webinarId);
				else this.#watched.delete(webinarId);
				const known = this.find(webinarId);
				known?.setWatched(watched !== null);
				// Nobody may have looked at its stage yet.
				if (watched && !known) this.#takeIn(async () => void (await this.ready(await this.#webinars.get(webinarId))));
			}),
		];
	}

	/** Asks again for the programmes of webinars that were live when the server stopped. */
	async resume(): Promise<void> {
		for (const webinar of await this.#webinars.inState("live")) {
			await this.#outputs.announce(webinar.id);
			await this.ready(webinar);
		}
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
		stage.on("scene", () => this.emit("scene", stage));
		stage.on("settings", () => this.#takeIn(() => this.#sceneSettings.write(webinar.id, stage.settings)));
		stage.setWatched(this.#watched.has(webinar.id));
		this.#stages.set(webinar.id, stage);
		this.#restorations.set(webinar.id, this.#restore(stage));
		return stage;
	}

	/** As `open`, with what was kept about the scene taken up. */
	async ready(webinar: Webinar): Promise<WebinarStage> {
		const stage = this.open(webinar);
		await this.#restorations.get(webinar.id);
		return stage;
	}

	/**
	 * The host wants the programme otherwise. It is kept.
	 * @throws AppError webinar-ended, not-on-stage
	 */
	async direct(webinar: Webinar, patch: PatchScene): Promise<DirectedScene> {
		const stage = await this.ready(webinar);
		stage.direct(patch);
		await this.#sceneSettings.write(webinar.id, stage.settings);
		return stage.directedScene;
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
		await Promise.all(this.#restorations.values());
	}

	readonly #webinarChanged = (webinar: Webinar): void => {
		const stage = webinar.state === "live" ? this.open(webinar) : this.find(webinar.id);
		if (webinar.state === "live") this.#takeIn(() => this.#outputs.announce(webinar.id));
		stage?.webinarChanged(webinar);
		if (webinar.state === "ended") this.#drop(webinar.id);
	};

	readonly #webinarDeleted = (webinarId: string): void => {
		this.find(webinarId)?.webinarDeleted();
		this.#drop(webinarId);
		this.#bus.publish("webinar-deleted", { webinarId });
	};

	#drop(webinarId: string): void {
		this.#stages.delete(webinarId);
		this.#restorations.delete(webinarId);
		this.#brands.withdraw(webinarId);
		this.#outputs.withdraw(webinarId);
	}

	async #restore(stage: WebinarStage): Promise<void> {
		const { webinarId } = stage;
		let settings = plainSettings;
		try {
			// First, so that the programme begins with it.
			await this.#brands.announce(webinarId);
			settings = await this.#sceneSettings.read(webinarId);
		} catch (err) {
			this.#log.error({ err, webinarId }, "what was kept about a programme could not be read");
		}
		stage.restore(settings);
	}

	#takeIn(work: () => Promise<void>): void {
		this.#intake = this.#intake
			.then(work)
			.catch((error) => this.#log.error({ err: error }, "news about a stage were not taken in"));
	}

	async #publisherPresent({
		webinarId,
		personId,
		source,
		audio,
		video,
	}: EventTopics["publisher-present"]): Promise<void> {
		try {
			const person = await this.#people.find(webinarId, personId);
			if (!person) throw new AppError("person-unknown");
			this.open(await this.#webinars.get(webinarId)).publisherPresent(person, source, { audio, video });
		} catch (error) {
			if (!(error instanceof AppError)) throw error;
			// Admitted a moment before the webinar was deleted.
			this.#bus.publish("person-removed", { webinarId, personId });
		}
	}
}

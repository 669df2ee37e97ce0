import { isDeepStrictEqual } from "node:util";
import type { Layout, Scene, ScenePerson, Slate } from "../../core/protocol/scene.ts";
import { emptyScene, tileKey } from "../../core/protocol/scene.ts";
import type { DirectedScene, PatchScene } from "../../core/protocol/scene-direction.ts";
import type { Webinar } from "../../core/protocol/webinar.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { plainSettings, type SceneSettings } from "./scene-settings.ts";

/** Makes one webinar's scenes out of the webinar, who is on air, and how a host wants it. */
export class SceneDirector {
	readonly #clock: Clock;
	#webinar: Webinar;
	#people: ScenePerson[] = [];
	#settings = plainSettings;
	#scene: Scene;

	constructor(webinar: Webinar, { clock }: { clock: Clock }) {
		this.#clock = clock;
		this.#webinar = webinar;
		this.#scene = emptyScene({ webinarId: webinar.id, version: clock.now(), title: webinar.title });
		this.#scene.slate = this.#slate();
	}

	get scene(): Scene {
		return this.#scene;
	}

	get directedScene(): DirectedScene {
		return { ...this.#scene, slateFollows: this.#settings.slate === null };
	}

	get settings(): SceneSettings {
		return this.#settings;
	}

	/** Takes up what was kept from before a restart. Says whether there is a new scene. */
	restore(settings: SceneSettings): boolean {
		const hasBeenOnAir = settings.hasBeenOnAir || this.#settings.hasBeenOnAir;
		this.#settings = { ...settings, hasBeenOnAir };
		return this.#move();
	}

	/** Changes what the patch holds. Says whether there is a new scene. */
	direct({ layout, lowerThird, titleShown, slate }: PatchScene): boolean {
		const { hasBeenOnAir, ...before } = this.#settings;
		this.#settings = {
			layout: layout ?? before.layout,
			lowerThird: lowerThird === undefined ? before.lowerThird : lowerThird,
			titleShown: titleShown ?? before.titleShown,
			slate: slate === undefined ? before.slate : slate,
			hasBeenOnAir,
		};
		return this.#move();
	}

	/** Lets go of the pin of someone who was taken off the stage. */
	unpin(personId: string): boolean {
		const { layout } = this.#settings;
		if (layout.pinned?.personId !== personId) return false;
		this.#settings = { ...this.#settings, layout: { ...layout, pinned: null } };
		return true;
	}

	/** Says whether there is a new scene. */
	follow(webinar: Webinar, people: ScenePerson[]): boolean {
		this.#webinar = webinar;
		this.#people = people;
		if (webinar.state === "live" && people.length > 0 && !this.#settings.hasBeenOnAir) {
			this.#settings = { ...this.#settings, hasBeenOnAir: true };
		}
		return this.#move();
	}

	#move(): boolean {
		const { lowerThird, titleShown } = this.#settings;
		const next = {
			...this.#scene,
			title: this.#webinar.title,
			people: this.#people,
			layout: this.#layout(),
			lowerThird,
			titleShown,
			slate: this.#slate(),
		};
		if (isDeepStrictEqual(next, this.#scene)) return false;
		// The clock makes the first version after a restart higher than the last one before it.
		this.#scene = { ...next, version: Math.max(this.#scene.version + 1, this.#clock.now()) };
		return true;
	}

	/** Whoever is pinned and not on air now is pinned again when they come back. */
	#layout(): Layout {
		const { kind, pinned } = this.#settings.layout;
		const isThere = pinned !== null && this.#people.some((person) => tileKey(person) === tileKey(pinned));
		return { kind, pinned: isThere ? pinned : null };
	}

	#slate(): Slate {
		const { slate, hasBeenOnAir } = this.#settings;
		const kind = slate?.kind ?? (hasBeenOnAir ? "back-in-a-moment" : "starting-soon");
		if (slate?.startsAt !== undefined) return { kind, startsAt: slate.startsAt };
		const { startsAt } = this.#webinar;
		return { kind, startsAt: kind === "starting-soon" && startsAt !== null ? Date.parse(startsAt) : null };
	}
}

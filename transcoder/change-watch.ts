import type { EventTopics } from "../core/protocol/bus-topics.ts";
import { type Scene, tileKey } from "../core/protocol/scene.ts";

/** What a programme shows from `at` (capture time, ms since the Unix epoch) on. */
export type ProgrammeChange = Omit<EventTopics["programme-change"], "webinarId">;

/** Says when who is on air, the layout or the speaker changes in the picture. */
export class ChangeWatch {
	readonly #changed: (change: ProgrammeChange) => void;
	#scene: Scene | undefined;
	#speaker: string | undefined;
	#told: string | undefined;

	constructor({ changed }: { changed: (change: ProgrammeChange) => void }) {
		this.#changed = changed;
	}

	/** The picture captured at `at` shows that scene and that speaker (`tileKey`). */
	shown(scene: Scene, speaker: string | undefined, at: number): void {
		if (scene === this.#scene && speaker === this.#speaker) return;
		this.#scene = scene;
		this.#speaker = speaker;
		const people = scene.people.map(({ personId, source }) => ({ personId, source }));
		const layout = scene.layout.kind;
		const state = { layout, people, speaker: people.find((one) => tileKey(one) === speaker) ?? null };
		const told = JSON.stringify(state);
		if (told === this.#told) return;
		this.#told = told;
		this.#changed({ at, ...state });
	}
}

import type { Bus } from "../core/runtime/bus.ts";
import type { PlaybackPasses } from "../core/runtime/playback-passes.ts";

/** Lets everyone fetch public webinars' programmes, and of private ones (bus topic `playback-private`) those with a pass. */
export class PlaybackDoor {
	readonly #passes: PlaybackPasses;
	readonly #private = new Set<string>();
	readonly #unwatch: () => void;

	constructor({ passes, bus }: { passes: PlaybackPasses; bus: Bus }) {
		this.#passes = passes;
		this.#unwatch = bus.watch("playback-private", (webinarId, value) => {
			if (value) this.#private.add(webinarId);
			else this.#private.delete(webinarId);
		});
	}

	/**
	 * A pass that is not valid opens nothing, not even what needs none: every address that is answered is one more for caches
	 * to keep. A valid one goes on to open a webinar that has become public.
	 */
	readonly admits = (webinarId: string, pass: string | undefined): boolean =>
		pass === undefined ? !this.#private.has(webinarId) : this.#passes.admits(webinarId, pass);

	close(): void {
		this.#unwatch();
	}
}

import { createApi } from "#lib/control/api.ts";
import { ServerClock } from "#lib/control/server-clock.svelte.ts";
import type { Webinar } from "../../../../../core/protocol/webinar.ts";

const WAITING_POLL_MS = 5_000;
/** While it plays, the end of the stream tells first. */
const LIVE_POLL_MS = 30_000;

/** A webinar as anyone may see it, asked for at a gentle pace until it has ended. */
export class FollowedWebinar {
	webinar: Webinar;
	readonly clock = new ServerClock();
	readonly #api = createApi();
	#timer: ReturnType<typeof setTimeout> | undefined;
	#closed = false;

	constructor(webinar: Webinar) {
		this.webinar = $state.raw(webinar);
		void this.clock.ask();
		this.#schedule();
	}

	/** Ask now, for there is a sign that it has changed. */
	async refresh(): Promise<void> {
		clearTimeout(this.#timer);
		void this.clock.ask();
		try {
			this.webinar = await this.#api.getWebinar(this.webinar.id);
		} catch {
			// The player has its own way to tell about a lost connection; this goes on asking.
		}
		this.#schedule();
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#timer);
	}

	#schedule(): void {
		clearTimeout(this.#timer);
		if (this.#closed || this.webinar.state === "ended") return;
		// Spread, so that a room full of viewers does not ask in one moment.
		const spread = 0.75 + Math.random() / 2;
		const every = this.webinar.state === "live" ? LIVE_POLL_MS : WAITING_POLL_MS;
		this.#timer = setTimeout(() => void this.refresh(), every * spread);
	}
}

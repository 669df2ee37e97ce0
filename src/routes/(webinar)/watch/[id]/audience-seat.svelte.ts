import { rememberedName, rememberName } from "#lib/components/remembered-name.ts";
import { ApiProblem, createApi } from "#lib/control/api.ts";
import { forgetToken, keepToken, tokenFor } from "#lib/control/stored-tokens.ts";
import { WebinarEvents } from "#lib/control/webinar-events.svelte.ts";

/** Who has not said a name yet. Nobody sees it: a name is asked for before a hand goes up. */
const NO_NAME = "Guest";
const RETRY_MS = 10_000;

/**
 * This viewer's place in the audience: a token, kept in the browser, and the events it opens. It is taken on arrival, so that
 * the page learns of start and end at once and the host sees how many are there. Without one the player still plays.
 */
export class AudienceSeat {
	/** Null while there is none: `join` is under way, or the server could not be asked. */
	events = $state.raw<WebinarEvents | null>(null);
	/** Empty until the viewer has said one. */
	name = $state(rememberedName());

	readonly #webinarId: string;
	readonly #api = createApi();
	#retry: ReturnType<typeof setTimeout> | undefined;
	#closed = false;

	constructor({ webinarId }: { webinarId: string }) {
		this.#webinarId = webinarId;
		const token = tokenFor(webinarId, "watch");
		if (token) this.#listen(token);
		else void this.#arrive();
	}

	/** Takes a seat under this name. @throws ApiProblem */
	async rename(name: string): Promise<void> {
		await this.#join(name);
		this.name = name;
		rememberName(name);
	}

	/** The token was refused, having expired or outlived its webinar: take a new seat. */
	renew(): void {
		forgetToken(this.#webinarId, "watch");
		void this.#arrive();
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#retry);
		this.events?.close();
	}

	async #arrive(): Promise<void> {
		try {
			await this.#join(this.name || NO_NAME);
		} catch (error) {
			// Nothing but a link that is opened will help.
			if (error instanceof ApiProblem && error.code === "invitation-needed") return;
			if (!this.#closed) this.#retry = setTimeout(() => void this.#arrive(), RETRY_MS);
		}
	}

	async #join(name: string): Promise<void> {
		const { token } = await this.#api.joinAudience(this.#webinarId, name);
		if (this.#closed) return;
		clearTimeout(this.#retry);
		keepToken(this.#webinarId, "watch", token);
		this.#listen(token);
	}

	#listen(token: string): void {
		this.events?.close();
		this.events = new WebinarEvents({ webinarId: this.#webinarId, token });
	}
}

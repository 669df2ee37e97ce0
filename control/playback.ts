import type { PlaybackAddress, Webinar, WebinarAccess } from "../core/protocol/webinar.ts";
import type { Bus } from "../core/runtime/bus.ts";
import type { PlaybackPasses } from "../core/runtime/playback-passes.ts";
import type { Webinars } from "./webinars.ts";

/** Where programmes are played from, and which of them need a pass (bus topic `playback-private`). */
export class Playback {
	readonly #publicUrl: () => string;
	readonly #webinars: Webinars;
	readonly #passes: PlaybackPasses;
	readonly #bus: Bus;

	constructor(
		{ publicUrl }: { publicUrl: () => string },
		{ webinars, passes, bus }: { webinars: Webinars; passes: PlaybackPasses; bus: Bus },
	) {
		this.#publicUrl = publicUrl;
		this.#webinars = webinars;
		this.#passes = passes;
		this.#bus = bus;
		webinars.on("changed", this.#announce);
		webinars.on("deleted", this.#withdraw);
	}

	/** Before any programme is asked for: none may be open for a moment. */
	async resume(): Promise<void> {
		for (const webinar of await this.#webinars.withAccess("private")) this.#announce(webinar);
	}

	addressOf(webinarId: string, access: WebinarAccess): PlaybackAddress {
		const url = (pass: string) => `${this.#publicUrl()}/live/${webinarId}/${pass}index.m3u8`;
		if (access === "public") return { url: url(""), expiresAt: null };
		const { pass, expiresAt } = this.#passes.issue(webinarId);
		return { url: url(`~${pass}/`), expiresAt: new Date(expiresAt).toISOString() };
	}

	close(): void {
		this.#webinars.off("changed", this.#announce);
		this.#webinars.off("deleted", this.#withdraw);
	}

	/** A webinar that was created tells of itself when it is started. */
	readonly #announce = ({ id, access }: Webinar): void => {
		this.#bus.retain("playback-private", id, access === "private" ? { private: true } : null);
	};

	readonly #withdraw = (webinarId: string): void => this.#bus.retain("playback-private", webinarId, null);
}

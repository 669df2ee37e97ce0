import type { WebinarAccess } from "../../../core/protocol/webinar.ts";
import { backoffMs } from "../backoff.ts";
import { ApiProblem, createApi } from "./api.ts";

const RETRY = { firstMs: 2_000, mostMs: 30_000 };
/** Before an address expires another is asked for, by everyone at a moment of their own. */
const RENEWED_WITHIN_MS = 3_600_000;

interface PlaybackAddressOptions {
	webinarId: string;
	access: WebinarAccess;
	/** This viewer's, if there is one. Asked anew each time. */
	token: () => string | undefined;
	/** Default: the browser's. */
	fetch?: typeof globalThis.fetch;
}

/** Where a webinar is played from. For a private one the server is asked, and asked again before the address expires. */
export class PlaybackAddress {
	/** Path of the multivariant playlist; null while it is not known. */
	src = $state<string | null>(null);
	/** The webinar is private, and this viewer was not invited. */
	refused = $state(false);

	readonly #webinarId: string;
	readonly #api: ReturnType<typeof createApi>;
	#access: WebinarAccess = "public";
	#timer: ReturnType<typeof setTimeout> | undefined;
	#failures = 0;
	#closed = false;

	constructor({ webinarId, access, token, ...options }: PlaybackAddressOptions) {
		this.#webinarId = webinarId;
		this.#api = createApi({ token, ...options });
		this.#play(access);
	}

	/** As the webinar says now. */
	setAccess(access: WebinarAccess): void {
		if (access !== this.#access) this.#play(access);
	}

	/** What is played is refused, or may be. Nothing changes when the address is still the same. */
	async refresh(): Promise<void> {
		clearTimeout(this.#timer);
		if (this.#closed || this.#access === "public") return;
		try {
			const { url, expiresAt } = await this.#api.playbackAddress(this.#webinarId);
			if (this.#isOver()) return;
			this.#failures = 0;
			this.refused = false;
			// This page's own server, whatever name it knows itself by.
			this.src = new URL(url).pathname;
			if (expiresAt === null) return;
			const untilMs = Date.parse(expiresAt) - Date.now() - Math.random() * RENEWED_WITHIN_MS;
			this.#again(Math.max(untilMs, RETRY.mostMs));
		} catch (error) {
			if (this.#isOver()) return;
			if (error instanceof ApiProblem && [401, 403].includes(error.status)) {
				this.src = null;
				this.refused = true;
			} else this.#again(backoffMs(this.#failures++, RETRY));
		}
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#timer);
	}

	#play(access: WebinarAccess): void {
		this.#access = access;
		clearTimeout(this.#timer);
		this.refused = false;
		if (access === "public") this.src = `/live/${this.#webinarId}/index.m3u8`;
		else void this.refresh();
	}

	#again(afterMs: number): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.refresh(), afterMs);
	}

	/** Left, or open to all, since the question was asked. */
	#isOver(): boolean {
		return this.#closed || this.#access === "public";
	}
}

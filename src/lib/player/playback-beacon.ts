import { drawId } from "../../../core/protocol/ids.ts";
import { type PlaybackReport, playbackAdviceSchema } from "../../../core/protocol/playback.ts";
import { backoffMs } from "../backoff.ts";
import type { LivePlayer, PlayerState } from "./live-player.svelte.ts";

/** The first report comes within it, at a moment of chance: an audience that arrives together must not speak at once. */
const FIRST_WITHIN_MS = 10_000;
const SHORTEST_MS = 5_000;
/** Of an interval, by chance as well, so that the audience stays spread. */
const JITTER = 0.1;
/** After a report that was not taken. */
const RETRY = { firstMs: 20_000, mostMs: 300_000 };
const ANSWER_WITHIN_MS = 10_000;

/** As the protocol has it. */
const MOST_MS = 3_600_000;
const MOST_STALLS = 1000;
const MOST_LINES = 4320;

/** What is looked at, and told what the server asks for. */
export type ReportedPlayer = Pick<
	LivePlayer,
	"state" | "latencyMs" | "rewound" | "stalls" | "stalledMs" | "levels" | "level" | "keepLatency"
>;

interface PlaybackBeaconOptions {
	webinarId: string;
	player: ReportedPlayer;
	/** False for a player that waits until its programme begins: that wait is not the network's. */
	timesStartUp: boolean;
	/** Default: the browser's. */
	fetch?: typeof globalThis.fetch;
	/** Default: the browser's, for the last report of a page that goes. */
	sendBeacon?: (url: string, body: Blob) => boolean;
	/** Tells `pagehide`. */
	page?: EventTarget;
}

/**
 * Reports how a player plays, every ten seconds or as seldom as the server asks, under a name drawn for this player alone.
 * A server that does not gather such figures, or not of this webinar now, says so once and is left in peace.
 */
export class PlaybackBeacon {
	readonly #url: string;
	readonly #player: ReportedPlayer;
	readonly #fetch: typeof globalThis.fetch;
	readonly #sendBeacon: (url: string, body: Blob) => boolean;
	readonly #viewer = drawId((bytes) => crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>));
	readonly #ending = new AbortController();
	readonly #startedAtMs = performance.now();
	#timesStartUp: boolean;
	#startUpMs: number | undefined;
	/** What the reports so far have told of. */
	#told = { stalls: 0, stalledMs: 0 };
	#failures = 0;
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor({
		webinarId,
		player,
		timesStartUp,
		fetch = globalThis.fetch.bind(globalThis),
		sendBeacon = navigator.sendBeacon.bind(navigator),
		page = globalThis.window,
	}: PlaybackBeaconOptions) {
		this.#url = `/api/webinars/${encodeURIComponent(webinarId)}/playback`;
		this.#player = player;
		this.#timesStartUp = timesStartUp;
		this.#fetch = fetch;
		this.#sendBeacon = sendBeacon;
		// A page that comes back out of the browser's cache goes on with the timer it had.
		page.addEventListener("pagehide", () => this.#leave(), { signal: this.#ending.signal });
		this.#schedule(Math.random() * FIRST_WITHIN_MS);
	}

	/** To be told of every state the player comes into, when it does. */
	observe(state: PlayerState): void {
		if (state === "ended" || state === "failed") this.close();
		// Whoever had to click first, or did, started at another time than the player.
		if (state === "paused") this.#timesStartUp = false;
		if (state !== "playing" || !this.#timesStartUp) return;
		this.#timesStartUp = false;
		this.#startUpMs = performance.now() - this.#startedAtMs;
	}

	/** Says goodbye. Idempotent. */
	close(): void {
		if (this.#ending.signal.aborted) return;
		this.#leave();
		this.#stop();
	}

	#stop(): void {
		clearTimeout(this.#timer);
		this.#ending.abort();
	}

	#schedule(inMs: number): void {
		clearTimeout(this.#timer);
		if (!this.#ending.signal.aborted) this.#timer = setTimeout(() => void this.#report(), inMs);
	}

	async #report(): Promise<void> {
		const toldBefore = this.#told;
		try {
			const answer = await this.#fetch(this.#url, {
				method: "POST",
				headers: { "content-type": "application/json" },
				body: this.#write(),
				credentials: "omit",
				cache: "no-store",
				signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
			});
			if (isFinal(answer.status)) return this.#stop();
			const { nextInMs, latencyFloorMs } = playbackAdviceSchema.parse(await answer.json());
			this.#failures = 0;
			this.#player.keepLatency(latencyFloorMs);
			this.#schedule(Math.max(SHORTEST_MS, nextInMs) * (1 - JITTER + 2 * JITTER * Math.random()));
		} catch {
			this.#told = toldBefore;
			this.#schedule(backoffMs(this.#failures++, RETRY));
		}
	}

	#leave(): void {
		this.#sendBeacon(this.#url, new Blob([this.#write("left")], { type: "application/json" }));
	}

	#write(state = stateToTell(this.#player.state)): string {
		const { latencyMs, rewound, stalls, stalledMs, levels, level } = this.#player;
		const report: PlaybackReport = {
			viewer: this.#viewer,
			state,
			stalls: Math.min(MOST_STALLS, stalls - this.#told.stalls),
			stalledMs: milliseconds(stalledMs - this.#told.stalledMs),
		};
		this.#told = { stalls, stalledMs };
		if (this.#startUpMs !== undefined) report.startUpMs = milliseconds(this.#startUpMs);
		// Below zero: this machine's clock and the server's do not agree.
		const isLive = state === "playing" && !rewound;
		if (isLive && latencyMs !== null && latencyMs >= 0) report.latencyMs = milliseconds(latencyMs);
		const height = level === null ? undefined : levels[level]?.height;
		if (height !== undefined) report.heightPixels = Math.min(MOST_LINES, Math.round(height));
		return JSON.stringify(report);
	}
}

function stateToTell(state: PlayerState): PlaybackReport["state"] {
	if (state === "idle") return "loading";
	return state === "ended" || state === "failed" ? "left" : state;
}

/** Nothing that another try could change. */
function isFinal(status: number): boolean {
	return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

function milliseconds(value: number): number {
	return Math.min(MOST_MS, Math.max(0, Math.round(value)));
}

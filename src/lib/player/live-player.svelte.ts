import { untrack } from "svelte";
import { FreezeWatchdog } from "./freeze-watchdog.ts";
import { LatencyController } from "./latency-controller.ts";
import { NativeEngine } from "./native-engine.ts";
import type { PlaybackEngine, PlaybackEngineListener, PlayerLevel } from "./playback-engine.ts";

export type PlayerState = "idle" | "loading" | "playing" | "stalled" | "paused" | "ended" | "failed";

const TICK_MS = 250;
/** Where the programme itself is late, no jump brings the playhead nearer to now. */
const WORTHWHILE_JUMP_S = 1.5;
/** A hole in the buffer that is not filled by then stays one: the stream leaves one when its encoder is replaced. */
const HOLE_MS = 400;
/** Browsers may wait for ever for the last few frames of a stream whose tracks do not end at one moment. */
const LAST_FRAMES_S = 0.25;

interface LivePlayerOptions {
	/** Address of the multivariant playlist. */
	src: string;
	/** What to add to this machine's clock to get the server's. */
	clockOffsetMs: () => number;
}

/**
 * Plays a live programme in a video element, close to the live edge, and comes back from whatever happens on the way:
 * a stream that is not there yet, a broken network, a decoder's error. It ends with the programme or with `destroy()`.
 */
export class LivePlayer {
	state = $state<PlayerState>("idle");
	/** Why the state is `failed`, in a sentence. */
	failure = $state<string | null>(null);
	/** From the moment a picture was composed to now; null: not known. */
	latencyMs = $state<number | null>(null);
	/** How often the playback ran dry, and for how long in all. */
	stalls = $state(0);
	stalledMs = $state(0);
	levels = $state.raw<PlayerLevel[]>([]);
	/** Index of the level that plays. */
	level = $state<number | null>(null);
	muted = $state(false);
	/** The browser refused to play, or to play with sound, before the viewer has clicked something. */
	autoplayBlocked = $state(false);

	readonly #src: string;
	readonly #clockOffsetMs: () => number;
	readonly #latency = new LatencyController();
	readonly #watchdog = new FreezeWatchdog();
	readonly #ending = new AbortController();
	#video: HTMLVideoElement | undefined;
	#engine: PlaybackEngine | undefined;
	#tick: ReturnType<typeof setInterval> | undefined;
	#wantsToPlay = true;
	#stalledSinceMs: number | null = null;
	#stalledBeforeMs = 0;
	/** A pause has made the playhead late on purpose. */
	#backToLive = false;

	constructor({ src, clockOffsetMs }: LivePlayerOptions) {
		this.#src = src;
		this.#clockOffsetMs = clockOffsetMs;
	}

	/** Starts to play in `video`. To be called once. */
	attach(video: HTMLVideoElement): void {
		untrack(() => {
			this.#video = video;
			this.state = "loading";
			video.playsInline = true;
			video.muted = this.muted;
			this.#listen(video);
			void this.#start(video);
		});
	}

	setMuted(muted: boolean): void {
		this.muted = muted;
		if (!this.#video) return;
		this.#video.muted = muted;
		if (!muted && this.autoplayBlocked) void this.play();
	}

	/** Plays on, at the live edge. A browser that refuses sound before a click gets to play without it. */
	async play(): Promise<void> {
		const video = this.#video;
		if (!video || this.state === "ended" || this.state === "failed") return;
		this.#wantsToPlay = true;
		if (this.state === "paused") {
			this.#setState("loading");
			this.#backToLive = true;
			this.#engine?.resume();
		}
		await this.#tryPlay(video);
	}

	/** Stops playing and loading. */
	pause(): void {
		this.#wantsToPlay = false;
		this.#engine?.suspend();
		this.#video?.pause();
		if (this.state !== "ended" && this.state !== "failed") this.#setState("paused");
	}

	/** Jumps to the live edge. */
	goLive(): void {
		const positionS = this.#engine?.livePositionS;
		if (this.#video && positionS != null && Number.isFinite(positionS)) this.#video.currentTime = positionS;
	}

	destroy(): void {
		this.#ending.abort();
		clearInterval(this.#tick);
		this.#engine?.destroy();
		this.#engine = undefined;
		this.#video?.pause();
		this.#video = undefined;
		this.state = "idle";
	}

	async #start(video: HTMLVideoElement): Promise<void> {
		const listener: PlaybackEngineListener = {
			levels: (levels, level) => {
				this.levels = levels;
				this.level = level;
			},
			alreadyEnded: () => this.#setState("ended"),
			unplayable: (detail) => this.#fail(detail),
		};
		// Only who watches needs hls.js, so it is not part of the page.
		const { HlsEngine } = await import("./hls-engine.ts");
		if (this.#ending.signal.aborted) return;
		const options = { src: this.#src, video, listener };
		if (HlsEngine.isSupported()) this.#engine = new HlsEngine(options);
		else if (NativeEngine.isSupported(video)) this.#engine = new NativeEngine(options);
		else return this.#fail("This browser cannot play live video. A current Chrome, Edge, Firefox or Safari can.");
		this.#tick = setInterval(() => this.#watch(), TICK_MS);
	}

	#listen(video: HTMLVideoElement): void {
		const on = (type: keyof HTMLMediaElementEventMap, listener: () => void) =>
			video.addEventListener(type, listener, { signal: this.#ending.signal });
		on("playing", () => this.#setState("playing"));
		on("waiting", () => !video.seeking && this.state === "playing" && this.#stall());
		on("ended", () => this.#setState("ended"));
		// A recovery gives the element a new source, which also pauses it.
		on("emptied", () => this.state === "playing" && this.#stall());
		on("canplay", () => {
			if (this.#backToLive) this.#catchUpAfterPause();
			if (this.#wantsToPlay && video.paused) void this.#tryPlay(video);
		});
		// The browser's own controls, media keys, a phone call.
		on("play", () => {
			if (!this.#wantsToPlay) void this.play();
		});
		on("pause", () => {
			if (this.#wantsToPlay && !video.ended && video.readyState > 0) this.pause();
		});
		on("volumechange", () => {
			this.muted = video.muted;
		});
	}

	async #tryPlay(video: HTMLVideoElement): Promise<void> {
		try {
			await video.play();
			this.autoplayBlocked &&= video.muted;
		} catch (error) {
			// Anything else, such as a new source in between, is tried again with the next `canplay`.
			if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
			this.autoplayBlocked = true;
			if (video.muted) return this.pause();
			video.muted = true;
			this.muted = true;
			await this.#tryPlay(video);
		}
	}

	/** What has to be looked at a few times a second: latency, playback rate, stalls, freezes. */
	#watch(): void {
		const video = this.#video;
		const engine = this.#engine;
		if (!video || !engine || this.state === "ended" || this.state === "failed") return;
		const nowMs = performance.now();
		const bufferEndS = endOfBuffer(video);
		const playingDateMs = engine.playingDateMs;
		const latencyMs = playingDateMs === null ? null : Date.now() + this.#clockOffsetMs() - playingDateMs;
		this.latencyMs = latencyMs === null ? null : Math.round(latencyMs);
		if (this.#stalledSinceMs !== null)
			this.stalledMs = Math.round(this.#stalledBeforeMs + nowMs - this.#stalledSinceMs);

		if (this.state === "playing" && latencyMs !== null) {
			const bufferMs = (bufferEndS - video.currentTime) * 1000;
			const rate = this.#latency.rate({ nowMs, latencyMs, bufferMs });
			if (video.playbackRate !== rate) video.playbackRate = rate;
			const jumpS = (engine.livePositionS ?? 0) - video.currentTime;
			if (jumpS > WORTHWHILE_JUMP_S && this.#latency.isTooLate({ nowMs, latencyMs })) this.goLive();
		}
		if (this.#stalledSinceMs !== null && nowMs - this.#stalledSinceMs > HOLE_MS) {
			if (isAtEnd(video)) {
				this.#setState("ended");
				return;
			}
			skipHole(video);
		}
		const shouldPlay = this.#wantsToPlay && !this.autoplayBlocked && video.readyState > 0;
		const { edgeS } = engine;
		const remedy = this.#watchdog.check({ nowMs, shouldPlay, positionS: video.currentTime, bufferEndS, edgeS });
		if (remedy === "jump") this.goLive();
		if (remedy === "reload") engine.reload();
	}

	#catchUpAfterPause(): void {
		this.#backToLive = false;
		const positionS = this.#engine?.livePositionS ?? null;
		if (this.#video && positionS !== null && positionS - this.#video.currentTime > 1) this.goLive();
	}

	#stall(): void {
		this.stalls++;
		this.#stalledSinceMs = performance.now();
		this.#latency.stalled(this.#stalledSinceMs);
		this.state = "stalled";
	}

	#setState(state: PlayerState): void {
		if (this.#stalledSinceMs !== null) {
			this.#stalledBeforeMs += performance.now() - this.#stalledSinceMs;
			this.stalledMs = Math.round(this.#stalledBeforeMs);
			this.#stalledSinceMs = null;
		}
		this.state = state;
	}

	#fail(detail: string): void {
		this.failure = detail;
		this.#setState("failed");
	}
}

/** End of the buffered range the playhead is in; the playhead itself when it is in none. */
function endOfBuffer({ buffered, currentTime }: HTMLVideoElement): number {
	for (let i = 0; i < buffered.length; i++) {
		if (buffered.start(i) <= currentTime + 0.05 && buffered.end(i) >= currentTime) return buffered.end(i);
	}
	return currentTime;
}

/** A live stream has no duration before its last segment is known. */
function isAtEnd({ duration, currentTime }: HTMLVideoElement): boolean {
	return Number.isFinite(duration) && duration - currentTime < LAST_FRAMES_S;
}

/** Goes on with the next buffered range, when the one before has been played to its end. */
function skipHole(video: HTMLVideoElement): void {
	const { buffered, currentTime } = video;
	if (endOfBuffer(video) - currentTime > 0.1) return;
	for (let i = 0; i < buffered.length; i++) {
		const startS = buffered.start(i);
		if (startS > currentTime && buffered.end(i) - startS > 0.1) {
			video.currentTime = startS + 0.001;
			return;
		}
	}
}

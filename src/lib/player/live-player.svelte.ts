import { untrack } from "svelte";
import { endOfBuffer, isAtEnd, skipHole } from "./buffered-media.ts";
import { NativeEngine } from "./native-engine.ts";
import { PagePresence } from "./page-presence.ts";
import type { MediaWindow, PlaybackEngine, PlaybackEngineListener, PlayerLevel } from "./playback-engine.ts";
import { jumpToEdge, PlayheadKeeper } from "./playhead-keeper.ts";
import { isRewound, rewindable, sameWindow } from "./rewind-window.ts";
import { StallClock } from "./stall-clock.svelte.ts";

export type PlayerState = "idle" | "loading" | "playing" | "stalled" | "paused" | "ended" | "failed";

const TICK_MS = 250;
/** A hole in the buffer that is not filled by then stays one: the stream leaves one when its encoder is replaced. */
const HOLE_MS = 400;
/** A normal connection stays well below. */
const LATE_MS = 8000;
/** After a pause the segment that is shown is loaded anew. */
const RESUMING_MS = 1500;
/** What a paused player loads after a seek, to show the picture there. */
const PREVIEW_S = 1;

interface LivePlayerOptions {
	/** Address of the multivariant playlist. */
	src: string;
	/** What to add to this machine's clock to get the server's; null: not known, and nothing hurries the playhead. */
	clockOffsetMs: () => number | null;
}

/**
 * Plays a live programme in a video element, close to the live edge or as far back as the viewer has gone, and comes back
 * from whatever happens on the way: a stream that is not there yet, a broken network, a decoder's error, a laptop that was
 * closed. It ends with the programme or with `destroy()`.
 */
export class LivePlayer {
	state = $state<PlayerState>("idle");
	/** Why the state is `failed`, in a sentence. */
	failure = $state<string | null>(null);
	/** From the moment a picture was composed to now; null: not known. */
	latencyMs = $state<number | null>(null);
	levels = $state.raw<PlayerLevel[]>([]);
	/** Index of the level that plays. */
	level = $state<number | null>(null);
	/** Index of the level the viewer wants; null: what the network carries. */
	chosenLevel = $state<number | null>(null);
	muted = $state(false);
	/** The browser refused to play, or to play with sound, before the viewer has clicked something. */
	autoplayBlocked = $state(false);
	/** What the viewer can go back to; null: nothing to speak of. */
	rewindWindow = $state.raw<MediaWindow | null>(null);
	/** The viewer watches what was some time ago, and nothing hurries them. */
	rewound = $state(false);

	readonly #src: string;
	readonly #clockOffsetMs: () => number | null;
	readonly #keeper = new PlayheadKeeper();
	readonly #stallClock = new StallClock();
	readonly #ending = new AbortController();
	#presence: PagePresence | undefined;
	#video: HTMLVideoElement | undefined;
	#engine: PlaybackEngine | undefined;
	#tick: ReturnType<typeof setInterval> | undefined;
	#wantsToPlay = true;
	#pausedByBrowser = false;
	/** The date of the last picture that had one. */
	#playingDateMs: number | null = null;
	#resumedAtMs = Number.NEGATIVE_INFINITY;
	/** A pause has made the playhead late, and it is not to stay so. */
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

	/** How often the playback ran dry, and for how long in all. */
	get stalls(): number {
		return this.#stallClock.count;
	}

	get stalledMs(): number {
		return this.#stallClock.totalMs;
	}

	/** How far the playhead is from where it could be, for who has paused or gone back; null: not known. */
	get behindMs(): number | null {
		return this.latencyMs === null ? null : Math.max(0, this.latencyMs - this.#keeper.targetMs);
	}

	setMuted(muted: boolean): void {
		this.muted = muted;
		if (!this.#video) return;
		this.#video.muted = muted;
		if (!muted && this.autoplayBlocked) void this.play();
	}

	/**
	 * Plays on: where it was paused if that can still be had, and else at the live edge. A browser that refuses sound before
	 * a click gets to play without it.
	 */
	async play(): Promise<void> {
		const video = this.#video;
		if (!video || this.state === "ended" || this.state === "failed") return;
		this.#wantsToPlay = true;
		if (this.state === "paused") {
			const staysBack = this.rewindWindow !== null;
			this.rewound = staysBack && isRewound((this.behindMs ?? 0) / 1000);
			this.#resume(staysBack ? this.#playingDateMs : null);
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

	/** To a media time within `rewindWindow`. */
	seek(positionS: number): void {
		const window = this.rewindWindow;
		if (!window || !this.#video) return;
		if (!isRewound(window.endS - positionS) && this.state !== "paused") this.goLive();
		else this.#video.currentTime = Math.max(window.startS, Math.min(positionS, window.endS));
	}

	/** Plays at the live edge. */
	goLive(): void {
		const video = this.#video;
		if (!video || this.state === "ended" || this.state === "failed") return;
		this.rewound = false;
		if (this.state === "paused") {
			this.#wantsToPlay = true;
			this.#resume(null);
			void this.#tryPlay(video);
		} else jumpToEdge(video, this.#engine);
	}

	/** What is seen is as near to now as it gets. */
	get isLive(): boolean {
		return this.state !== "paused" && !this.rewound && (this.latencyMs ?? 0) < LATE_MS;
	}

	/** The least latency to aim at, whatever the network allows; 0: none. */
	keepLatency(floorMs: number): void {
		this.#keeper.floorMs = floorMs;
	}

	/** Keeps to a level; null: whatever the network carries. */
	chooseLevel(level: number | null): void {
		this.chosenLevel = level;
		this.#engine?.chooseLevel(level, this.rewound);
	}

	destroy(): void {
		this.#ending.abort();
		this.#presence?.close();
		clearInterval(this.#tick);
		this.#engine?.destroy();
		this.#engine = undefined;
		this.#video?.pause();
		this.#video = undefined;
		this.state = "idle";
	}

	async #start(video: HTMLVideoElement): Promise<void> {
		const listener: PlaybackEngineListener = {
			startAtMs: () => (this.rewound ? this.#playingDateMs : null),
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
		this.#presence = new PagePresence({
			// Nobody sees the picture: sound with the smallest one is all that is loaded.
			hidden: () => this.#engine?.chooseLevel(this.levels.length > 1 ? 0 : null, false),
			visible: () => this.#reappear(),
			online: () => this.state !== "playing" && this.#engine?.restart(),
		});
		this.#tick = setInterval(() => this.#watch(), TICK_MS);
	}

	#listen(video: HTMLVideoElement): void {
		const on = (type: keyof HTMLMediaElementEventMap, listener: () => void) =>
			video.addEventListener(type, listener, { signal: this.#ending.signal });
		on("playing", () => this.#setState("playing"));
		on("waiting", () => this.state === "playing" && this.#wait(video));
		on("ended", () => this.#setState("ended"));
		// A recovery gives the element a new source, which also pauses it.
		on("emptied", () => this.state === "playing" && this.#stall());
		on("seeking", () => this.#seeking(video));
		on("canplay", () => {
			if (this.#backToLive) this.#catchUpAfterPause(video);
			if (this.#wantsToPlay && video.paused) void this.#tryPlay(video);
		});
		// The browser's own controls, media keys, a phone call.
		on("play", () => {
			if (!this.#wantsToPlay) void this.play();
		});
		on("pause", () => {
			if (!this.#wantsToPlay || video.ended || video.readyState === 0) return;
			this.#pausedByBrowser = this.#presence?.isJustHidden ?? false;
			this.pause();
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
		const hasSlept = this.#presence?.hasSlept() ?? false;
		this.#measure(engine, nowMs);
		if (this.state === "paused") {
			if (bufferEndS - video.currentTime > PREVIEW_S) engine.suspend();
			return;
		}
		if (hasSlept) engine.reload();
		if ((this.#stallClock.lastsMs(nowMs) ?? 0) > HOLE_MS) {
			if (isAtEnd(video)) {
				this.#setState("ended");
				return;
			}
			skipHole(video);
		}
		this.#keeper.tend(video, engine, {
			nowMs,
			bufferEndS,
			latencyMs: this.state === "playing" ? this.latencyMs : null,
			rewound: this.rewound,
			shouldPlay: this.#wantsToPlay && !this.autoplayBlocked && video.readyState > 0,
		});
	}

	#measure(engine: PlaybackEngine, nowMs: number): void {
		const playingDateMs = engine.playingDateMs;
		this.#playingDateMs = playingDateMs ?? this.#playingDateMs;
		// Until it plays, the playhead may still be at the beginning of the programme.
		const offsetMs = this.#clockOffsetMs();
		const isPlaced = this.state !== "loading" || this.rewound;
		const isKnown = isPlaced && playingDateMs !== null && offsetMs !== null;
		this.latencyMs = isKnown ? Math.round(Date.now() + offsetMs - playingDateMs) : null;
		this.#stallClock.tick(nowMs);
		const window = rewindable(engine.window);
		if (!sameWindow(window, this.rewindWindow)) this.rewindWindow = window;
	}

	#seeking(video: HTMLVideoElement): void {
		const window = this.rewindWindow;
		this.#keeper.restarted();
		if (this.state === "paused") this.#engine?.resume(this.#playingDateMs);
		this.rewound = window !== null && isRewound(window.endS - video.currentTime);
	}

	#resume(fromMs: number | null): void {
		this.#resumedAtMs = performance.now();
		this.#setState("loading");
		this.#pausedByBrowser = false;
		this.#backToLive = fromMs === null;
		this.#keeper.restarted({ followed: fromMs !== null });
		this.#engine?.resume(fromMs);
	}

	#reappear(): void {
		this.#engine?.chooseLevel(this.chosenLevel, false);
		if (this.state === "paused" && this.#pausedByBrowser) {
			if (this.rewound) void this.play();
			else this.goLive();
		}
		this.#watch();
	}

	#catchUpAfterPause(video: HTMLVideoElement): void {
		this.#backToLive = false;
		if ((this.#engine?.livePositionS ?? 0) - video.currentTime > 1) jumpToEdge(video, this.#engine);
	}

	/** What a jump or the end of a pause waits for is nobody's stall; who has gone back sees that it is being loaded. */
	#wait(video: HTMLVideoElement): void {
		const isResuming = performance.now() - this.#resumedAtMs < RESUMING_MS;
		if (isResuming || (video.seeking && this.rewound)) this.#setState("loading");
		else if (!video.seeking) this.#stall();
	}

	#stall(): void {
		const nowMs = performance.now();
		this.#stallClock.begin(nowMs);
		this.#keeper.stalled(nowMs);
		this.state = "stalled";
	}

	#setState(state: PlayerState): void {
		this.#stallClock.end(performance.now());
		this.state = state;
	}

	#fail(detail: string): void {
		this.failure = detail;
		this.#setState("failed");
	}
}

import Hls, { type ErrorData, ErrorDetails, ErrorTypes, Events, type HlsConfig } from "hls.js/light";
import { backoffMs } from "../backoff.ts";
import type { MediaWindow, PlaybackEngine, PlaybackEngineListener } from "./playback-engine.ts";

/** How often a stream that is not there yet is asked for. */
const NOT_THERE_YET = { firstMs: 1200, mostMs: 1200 };
const RECOVERY = { firstMs: 400, mostMs: 6000 };
/** Errors further apart than this have nothing to do with one another. */
const RECOVERED_AFTER_MS = 10_000;
/** After a pause this long nothing that was loaded is of use. */
const STALE_AFTER_MS = 4000;

/** A part is a third of a second: who waits a second for the next try has already stalled. */
const quickly = { maxNumRetry: 10, retryDelayMs: 150, maxRetryDelayMs: 1000 };

const config: Partial<HlsConfig> = {
	lowLatencyMode: true,
	// The playback rate belongs to our own latency controller.
	maxLiveSyncPlaybackRate: 1,
	liveSyncOnStallIncrease: 0.2,
	liveDurationInfinity: true,
	backBufferLength: 30,
	// Who has gone back has all of the programme to load: memory is for the next seconds of it.
	maxBufferLength: 20,
	maxMaxBufferLength: 20,
	frontBufferFlushThreshold: 60,
	// A low first level would show every viewer a blurred start; the estimate is corrected within a few parts.
	abrEwmaDefaultEstimate: 3_000_000,
	testBandwidth: false,
	manifestLoadPolicy: {
		default: { maxTimeToFirstByteMs: 8_000, maxLoadTimeMs: 10_000, timeoutRetry: null, errorRetry: null },
	},
	playlistLoadPolicy: {
		// A blocked reload is held for up to three target durations.
		default: {
			maxTimeToFirstByteMs: 8_000,
			maxLoadTimeMs: 10_000,
			timeoutRetry: { maxNumRetry: 2, retryDelayMs: 0, maxRetryDelayMs: 0 },
			errorRetry: quickly,
		},
	},
	fragLoadPolicy: {
		default: {
			maxTimeToFirstByteMs: 5_000,
			maxLoadTimeMs: 20_000,
			timeoutRetry: { maxNumRetry: 3, retryDelayMs: 0, maxRetryDelayMs: 0 },
			errorRetry: quickly,
		},
	},
};

/** There every change of the rate is heard as a click. */
const isAppleTouch = (): boolean =>
	/iPhone|iPad|iPod/.test(navigator.userAgent) || (/Mac/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);

/** Low-latency HLS by hls.js, which comes back from every error that is not the browser's inability. */
export class HlsEngine implements PlaybackEngine {
	readonly ledBy = isAppleTouch() ? "jumps" : "rate-and-jumps";
	readonly #src: string;
	readonly #listener: PlaybackEngineListener;
	readonly #hls = new Hls(config);
	#retry: ReturnType<typeof setTimeout> | undefined;
	#attempt = 0;
	#lastErrorMs = Number.NEGATIVE_INFINITY;
	#suspendedAtMs: number | null = null;
	#hasPlayed = false;
	/** Where this start begins, until its first playlist is there; null: the live edge. */
	#startAtMs: number | null = null;
	/** As hls.js counts: -1 for automatic. */
	#chosenLevel = -1;
	#arrived = 0;
	#loading: { loaded: number } | null = null;

	static isSupported(): boolean {
		return Hls.isSupported();
	}

	constructor({ src, video, listener }: { src: string; video: HTMLVideoElement; listener: PlaybackEngineListener }) {
		this.#src = src;
		this.#listener = listener;
		const hls = this.#hls;
		hls.on(Events.ERROR, (_event, data) => this.#error(data));
		hls.on(Events.MANIFEST_PARSED, () => this.#tellLevels(null));
		hls.on(Events.LEVEL_SWITCHED, (_event, { level }) => this.#tellLevels(level));
		hls.on(Events.LEVEL_UPDATED, (_event, { details }) => {
			this.#arrived++;
			if (details.live || this.#hasPlayed) return this.#startWhereWanted();
			hls.stopLoad();
			listener.alreadyEnded();
		});
		hls.on(Events.FRAG_LOADING, (_event, { frag, part }) => {
			this.#loading = (part ?? frag).stats;
		});
		hls.on(Events.FRAG_BUFFERED, () => {
			this.#hasPlayed = true;
			this.#arrived++;
			this.#loading = null;
		});
		hls.attachMedia(video);
		hls.loadSource(src);
	}

	get playingDateMs(): number | null {
		return this.#hls.playingDate?.getTime() ?? null;
	}

	get livePositionS(): number | null {
		return this.#hls.liveSyncPosition;
	}

	get edgeS(): number | null {
		return this.#hls.latestLevelDetails?.edge ?? null;
	}

	get window(): MediaWindow | null {
		const details = this.#hls.latestLevelDetails;
		const endS = details?.live ? this.livePositionS : details?.edge;
		return details && endS != null ? { startS: details.fragmentStart, endS } : null;
	}

	get holdBackMs(): number | null {
		const details = this.#hls.latestLevelDetails;
		return (details?.partHoldBack || details?.holdBack || 0) * 1000 || null;
	}

	get arrivals(): number {
		return this.#arrived + (this.#loading?.loaded ?? 0);
	}

	suspend(): void {
		if (this.#suspendedAtMs !== null) return;
		clearTimeout(this.#retry);
		this.#suspendedAtMs = performance.now();
		this.#hls.stopLoad();
	}

	resume(fromMs: number | null): void {
		if (this.#suspendedAtMs === null) return;
		const isStale = performance.now() - this.#suspendedAtMs > STALE_AFTER_MS;
		this.#suspendedAtMs = null;
		if (this.#hls.levels.length === 0 || !this.#hasPlayed || (isStale && fromMs === null)) {
			this.reload();
			return;
		}
		this.#hls.startLoad();
		// Between what is there and what comes now stays a hole, after which the picture stands until the next keyframe or
		// the one after it: the segment is loaded whole. hls.js would take its parts that came before the pause for there.
		for (const part of this.#hls.latestLevelDetails?.partList ?? []) part.clearElementaryStreamInfo();
		this.#hls.currentLevel = this.#chosenLevel;
	}

	restart(): void {
		if (this.#suspendedAtMs !== null || !this.#hasPlayed) return;
		// The multivariant playlist itself is what nobody answers.
		if (this.#hls.levels.length === 0) {
			this.reload();
			return;
		}
		this.#hls.stopLoad();
		this.#hls.startLoad();
	}

	reload(): void {
		clearTimeout(this.#retry);
		this.#startAtMs = this.#listener.startAtMs();
		this.#hls.loadSource(this.#src);
	}

	chooseLevel(level: number | null, atOnce: boolean): void {
		this.#chosenLevel = level ?? -1;
		if (atOnce) this.#hls.nextLevel = this.#chosenLevel;
		else this.#hls.loadLevel = this.#chosenLevel;
	}

	destroy(): void {
		clearTimeout(this.#retry);
		this.#hls.destroy();
	}

	#startWhereWanted(): void {
		const fragments = this.#hls.latestLevelDetails?.fragments ?? [];
		const startAtMs = this.#startAtMs;
		this.#startAtMs = null;
		if (startAtMs === null) return;
		const from = fragments.findLast(({ programDateTime }) => programDateTime !== null && programDateTime <= startAtMs);
		if (from?.programDateTime) this.#hls.startLoad(from.start + (startAtMs - from.programDateTime) / 1000);
	}

	#error({ fatal, type, details }: ErrorData): void {
		if (!fatal || this.#suspendedAtMs !== null) return;
		if (
			details === ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR ||
			details === ErrorDetails.BUFFER_ADD_CODEC_ERROR
		) {
			this.#listener.unplayable("This browser cannot play the stream's video or audio format.");
			this.destroy();
			return;
		}
		const nowMs = performance.now();
		if (nowMs - this.#lastErrorMs > RECOVERED_AFTER_MS) this.#attempt = 0;
		this.#lastErrorMs = nowMs;
		const attempt = this.#attempt++;
		if (type === ErrorTypes.MEDIA_ERROR && attempt < 2) {
			this.#hls.recoverMediaError();
			return;
		}
		const isManifest = type === ErrorTypes.NETWORK_ERROR && this.#hls.levels.length === 0;
		const delayMs = isManifest ? backoffMs(0, NOT_THERE_YET) : backoffMs(attempt, RECOVERY);
		clearTimeout(this.#retry);
		this.#retry = setTimeout(() => {
			if (type === ErrorTypes.NETWORK_ERROR && !isManifest && attempt === 0) this.#hls.startLoad();
			else this.reload();
		}, delayMs);
	}

	#tellLevels(level: number | null): void {
		const levels = this.#hls.levels.map(({ width, height, bitrate }) => ({ width, height, bitrate }));
		this.#listener.levels(levels, level);
	}
}

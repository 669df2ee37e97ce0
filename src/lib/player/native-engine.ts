import { backoffMs } from "../backoff.ts";
import type { MediaWindow, PlaybackEngine, PlaybackEngineListener } from "./playback-engine.ts";

const HLS_TYPE = "application/vnd.apple.mpegurl";
const RETRY = { firstMs: 1200, mostMs: 1200 };
/** How far from the end of the seekable range the player is put: Safari keeps its own hold-back from there. */
const HOLD_BACK_S = 1;

/** HLS by the browser itself, where Media Source Extensions are missing: iPhones before iOS 17.1. */
export class NativeEngine implements PlaybackEngine {
	readonly ledBy = "nothing";
	readonly holdBackMs = null;
	readonly #src: string;
	readonly #listener: PlaybackEngineListener;
	readonly #video: HTMLVideoElement;
	readonly #ending = new AbortController();
	#retry: ReturnType<typeof setTimeout> | undefined;
	/** Where this start begins, until something of it is there; null: where Safari wants to. */
	#startAtMs: number | null = null;
	#arrived = 0;

	static isSupported(video: HTMLVideoElement): boolean {
		return video.canPlayType(HLS_TYPE) !== "";
	}

	constructor({ src, video, listener }: { src: string; video: HTMLVideoElement; listener: PlaybackEngineListener }) {
		this.#src = src;
		this.#video = video;
		this.#listener = listener;
		const { signal } = this.#ending;
		video.addEventListener("error", () => this.#loadLater(), { signal });
		video.addEventListener("progress", () => this.#arrived++, { signal });
		video.addEventListener("loadedmetadata", () => this.#loaded(), { signal });
		void this.#load();
	}

	get playingDateMs(): number | null {
		const startMs = this.#startDateMs;
		return startMs === null ? null : startMs + this.#video.currentTime * 1000;
	}

	get livePositionS(): number | null {
		const edgeS = this.edgeS;
		return edgeS === null ? null : edgeS - HOLD_BACK_S;
	}

	get edgeS(): number | null {
		const { seekable } = this.#video;
		return seekable.length > 0 ? seekable.end(seekable.length - 1) : null;
	}

	get window(): MediaWindow | null {
		const endS = this.livePositionS;
		return endS === null ? null : { startS: this.#video.seekable.start(0), endS };
	}

	get arrivals(): number {
		return this.#arrived;
	}

	suspend(): void {
		clearTimeout(this.#retry);
		if (!this.#video.hasAttribute("src")) return;
		this.#video.removeAttribute("src");
		this.#video.load();
	}

	resume(fromMs: number | null): void {
		this.#startAtMs = fromMs;
		void this.#load();
	}

	/** Safari drops and repeats its requests by itself. */
	restart(): void {}

	reload(): void {
		this.#startAtMs = this.#listener.startAtMs();
		void this.#load();
	}

	/** Safari alone chooses. */
	chooseLevel(): void {}

	destroy(): void {
		this.#ending.abort();
		this.suspend();
	}

	get #startDateMs(): number | null {
		const startMs = (this.#video as { getStartDate?(): Date }).getStartDate?.().getTime() ?? Number.NaN;
		return Number.isNaN(startMs) ? null : startMs;
	}

	#loaded(): void {
		const { videoWidth: width, videoHeight: height } = this.#video;
		this.#listener.levels([{ width, height, bitrate: 0 }], 0);
		const [startAtMs, startMs] = [this.#startAtMs, this.#startDateMs];
		this.#startAtMs = null;
		if (startAtMs !== null && startMs !== null) this.#video.currentTime = (startAtMs - startMs) / 1000;
	}

	/** Asks first: once Safari has met a 404 it does not try again. */
	async #load(): Promise<void> {
		clearTimeout(this.#retry);
		const { signal } = this.#ending;
		const isThere = await fetch(this.#src, { signal, cache: "no-store" }).then(
			(response) => response.ok,
			() => false,
		);
		if (signal.aborted) return;
		if (isThere) this.#video.src = this.#src;
		else this.#loadLater();
	}

	#loadLater(): void {
		if (this.#ending.signal.aborted) return;
		clearTimeout(this.#retry);
		this.#retry = setTimeout(() => void this.#load(), backoffMs(0, RETRY));
	}
}

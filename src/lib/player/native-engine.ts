import { backoffMs } from "../backoff.ts";
import type { PlaybackEngine, PlaybackEngineListener } from "./playback-engine.ts";

const HLS_TYPE = "application/vnd.apple.mpegurl";
const RETRY = { firstMs: 1200, mostMs: 1200 };
/** How far from the end of the seekable range the player is put: Safari keeps its own hold-back from there. */
const HOLD_BACK_S = 1;

/** HLS by the browser itself, where Media Source Extensions are missing: iPhones before iOS 17.1. */
export class NativeEngine implements PlaybackEngine {
	readonly #src: string;
	readonly #video: HTMLVideoElement;
	readonly #ending = new AbortController();
	#retry: ReturnType<typeof setTimeout> | undefined;

	static isSupported(video: HTMLVideoElement): boolean {
		return video.canPlayType(HLS_TYPE) !== "";
	}

	constructor({ src, video, listener }: { src: string; video: HTMLVideoElement; listener: PlaybackEngineListener }) {
		this.#src = src;
		this.#video = video;
		const { signal } = this.#ending;
		video.addEventListener("error", () => this.#loadLater(), { signal });
		video.addEventListener("loadedmetadata", () => listener.levels([{ height: video.videoHeight, bitrate: 0 }], 0), {
			signal,
		});
		void this.#load();
	}

	get playingDateMs(): number | null {
		const { currentTime } = this.#video;
		const startMs = (this.#video as { getStartDate?(): Date }).getStartDate?.().getTime() ?? Number.NaN;
		return Number.isNaN(startMs) ? null : startMs + currentTime * 1000;
	}

	get livePositionS(): number | null {
		const edgeS = this.edgeS;
		return edgeS === null ? null : edgeS - HOLD_BACK_S;
	}

	get edgeS(): number | null {
		const { seekable } = this.#video;
		return seekable.length > 0 ? seekable.end(seekable.length - 1) : null;
	}

	suspend(): void {
		clearTimeout(this.#retry);
		this.#video.removeAttribute("src");
		this.#video.load();
	}

	resume(): void {
		void this.#load();
	}

	reload(): void {
		void this.#load();
	}

	destroy(): void {
		this.#ending.abort();
		this.suspend();
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

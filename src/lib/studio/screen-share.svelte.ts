import { ApiProblem } from "../control/api-problem.ts";
import type { SessionEndings } from "./media-link.svelte.ts";
import { WhipPublisher } from "./whip-publisher.svelte.ts";

interface ScreenShareOptions {
	/** `/whip/:id`, absolute or not. */
	url: string;
	/** A presenter's. */
	token: string;
	endings: SessionEndings;
}

/** A screen, window or tab that a person shows beside their camera, with its sound where the browser gives it. */
export class ScreenShare {
	/** Null while nothing is shared. */
	stream = $state.raw<MediaStream | null>(null);
	publisher = $state.raw<WhipPublisher | null>(null);

	readonly #options: ScreenShareOptions;
	#asking = false;
	#refusal = $state.raw<ApiProblem | null>(null);

	constructor(options: ScreenShareOptions) {
		this.#options = options;
	}

	/** Why it is not shared, though it was wished for; leaving the browser's dialog is no problem. */
	get problem(): ApiProblem | null {
		return this.publisher?.state === "failed" ? this.publisher.problem : this.#refusal;
	}

	/** Phones have no such thing. */
	static get isSupported(): boolean {
		return "getDisplayMedia" in (navigator.mediaDevices ?? {});
	}

	/** Asks which screen, and publishes it. Never rejects: see `problem`. */
	async start(): Promise<void> {
		if (this.stream || this.#asking) return;
		this.#refusal = null;
		this.#asking = true;
		try {
			const stream = await navigator.mediaDevices.getDisplayMedia({
				video: { frameRate: { ideal: 15, max: 30 } },
				audio: true,
			});
			this.#share(stream);
		} catch (error) {
			if ((error as DOMException).name === "NotAllowedError") return;
			this.#refusal = new ApiProblem("no-screen", 0, "The browser could not share the screen.", { cause: error });
		} finally {
			this.#asking = false;
		}
	}

	stop(): void {
		this.publisher?.stop();
		for (const track of this.stream?.getTracks() ?? []) track.stop();
		this.publisher = null;
		this.stream = null;
	}

	#share(stream: MediaStream): void {
		for (const track of stream.getVideoTracks()) {
			// Sharp letters matter more than smooth motion.
			track.contentHint = "detail";
			// The browser's own "stop sharing", or the window was closed.
			track.onended = () => this.stop();
		}
		this.stream = stream;
		this.publisher = new WhipPublisher({ ...this.#options, source: "screen" });
		this.publisher.start(stream);
	}
}

import type { DemoPerson } from "./cast.ts";
import type { FromPresenters } from "./presenter-messages.ts";
import { PresenterPicture } from "./presenter-picture.ts";
import { startTicks, type Ticks } from "./ticks.ts";
import { Voice } from "./voice.ts";
import { webrtcMedia } from "./webrtc.ts";
import { publishByWhip, type WhipPublisher, WhipRefused } from "./whip-publisher.ts";

const FRAME_RATE = 30;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 8000;

export interface DemoPresenterOptions {
	person: DemoPerson;
	turn: number;
	turns: number;
	endpoint: string;
	token: string;
}

/** One synthetic presenter, who comes back when the WHIP session ends, until it is refused for good or closed. */
export class DemoPresenter {
	readonly #options: DemoPresenterOptions;
	readonly #tell: (message: FromPresenters) => void;
	readonly #ticks: Ticks[] = [];
	// Screen content: blocks that stay the same cost the encoder little, and the clock stays sharp.
	readonly #video = new webrtcMedia.RTCVideoSource({ isScreencast: true });
	readonly #audio = new webrtcMedia.RTCAudioSource();
	readonly #closing = new AbortController();
	readonly #running: Promise<void>;

	constructor(options: DemoPresenterOptions, tell: (message: FromPresenters) => void) {
		this.#options = options;
		this.#tell = tell;
		this.#startMedia();
		this.#running = this.#publish();
	}

	async close(): Promise<void> {
		this.#closing.abort();
		for (const ticks of this.#ticks) ticks.close();
		await this.#running;
	}

	#startMedia(): void {
		const { person, turn, turns } = this.#options;
		const picture = new PresenterPicture(person);
		const voice = new Voice({ pitchHz: person.pitchHz, turn, turns });
		const startedAtMs = Date.now();
		let level = 0;
		const speak = startTicks(10, (index) => {
			const utterance = voice.speak(startedAtMs + index * 10);
			level = utterance.level;
			this.#audio.onData(utterance.chunk);
		});
		const paint = startTicks(1000 / FRAME_RATE, () => this.#video.onFrame(picture.paint(Date.now(), level)));
		this.#ticks.push(speak, paint);
	}

	async #publish(): Promise<void> {
		const { endpoint, token, person } = this.#options;
		const tracks = [this.#audio.createTrack(), this.#video.createTrack()];
		let retryMs = FIRST_RETRY_MS;
		while (!this.#closing.signal.aborted) {
			let reason: string;
			let refused = false;
			try {
				const publisher = await publishByWhip({ endpoint, token, tracks });
				this.#tell({ type: "on-air", name: person.name });
				retryMs = FIRST_RETRY_MS;
				reason = await this.#untilEnded(publisher);
			} catch (error) {
				reason = String(error);
				refused = error instanceof WhipRefused && error.status < 500 && error.status !== 429;
			}
			if (this.#closing.signal.aborted) return;
			this.#tell({ type: "off-air", name: person.name, reason, willRetry: !refused });
			if (refused) return;
			await this.#pause(retryMs);
			retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
		}
	}

	async #untilEnded(publisher: WhipPublisher): Promise<string> {
		const closed = Promise.withResolvers<string>();
		const onClose = () => closed.resolve("closed");
		this.#closing.signal.addEventListener("abort", onClose);
		if (this.#closing.signal.aborted) onClose();
		try {
			return await Promise.race([publisher.ended, closed.promise]);
		} finally {
			this.#closing.signal.removeEventListener("abort", onClose);
			await publisher.close();
		}
	}

	async #pause(milliseconds: number): Promise<void> {
		const { promise, resolve } = Promise.withResolvers<void>();
		const timer = setTimeout(resolve, milliseconds);
		this.#closing.signal.addEventListener("abort", () => resolve(), { once: true });
		await promise;
		clearTimeout(timer);
	}
}

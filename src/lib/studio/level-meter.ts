const POLL_MS = 50;
/** What counts as silence, in dB below full scale. */
const FLOOR_DB = -60;
/** Most a shown level falls in one poll, so that the eye can follow. */
const FALL = 0.06;

/** Measures how loud `track` is: calls `onLevel` with 0 (silent) to 1 (full scale) twenty times a second until `close()`. */
export class LevelMeter {
	readonly #context = new AudioContext();
	readonly #poll: ReturnType<typeof setInterval>;

	constructor(track: MediaStreamTrack, onLevel: (level: number) => void) {
		const analyser = this.#context.createAnalyser();
		analyser.fftSize = 2048;
		this.#context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
		const samples = new Float32Array(analyser.fftSize);
		let shown = 0;
		this.#poll = setInterval(() => {
			// Not running before the first click on the page.
			if (this.#context.state === "suspended") void this.#context.resume();
			analyser.getFloatTimeDomainData(samples);
			shown = Math.max(levelOf(samples), shown - FALL);
			onLevel(shown);
		}, POLL_MS);
	}

	close(): void {
		clearInterval(this.#poll);
		void this.#context.close();
	}
}

/** Root mean square of `samples`, on a scale of decibels from 0 to 1. */
export function levelOf(samples: Float32Array): number {
	let sum = 0;
	for (const sample of samples) sum += sample * sample;
	const db = 10 * Math.log10(sum / samples.length + 1e-12);
	return Math.min(1, Math.max(0, 1 - db / FLOOR_DB));
}

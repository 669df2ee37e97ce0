import type { SoundChunk } from "./webrtc.ts";

const SAMPLE_RATE = 48000;
const CHUNK_SAMPLES = 480;
/** Strength of each harmonic: a dull vowel, easy on the ear for hours. */
const HARMONICS = [1, 0.55, 0.35, 0.12, 0.08];
const WAVE = Float32Array.from({ length: 1024 }, (_, i) =>
	HARMONICS.reduce((sum, strength, h) => sum + strength * Math.sin((2 * Math.PI * i * (h + 1)) / 1024), 0),
);
/** A turn of speech lasts this long; people who share a clock take turns by it. */
const TURN_MS = 4800;
const SYLLABLE_MS = 210;

export interface Utterance {
	chunk: SoundChunk;
	/** 0 silent to 1 loud. */
	level: number;
}

/**
 * A hum with the rhythm of speech: syllables of changing strength and pitch, a breath between phrases.
 * `turn` of `turns`: which share of the time is this person's.
 */
export class Voice {
	readonly #pitchHz: number;
	readonly #turn: number;
	readonly #turns: number;
	#phase = 0;
	#gain = 0;

	constructor({ pitchHz, turn, turns }: { pitchHz: number; turn: number; turns: number }) {
		this.#pitchHz = pitchHz;
		this.#turn = turn;
		this.#turns = turns;
	}

	/** The 10 ms of sound at `nowMs`, which should go up by 10 from call to call. */
	speak(nowMs: number): Utterance {
		const samples = new Int16Array(CHUNK_SAMPLES);
		const target = this.#strengthAt(nowMs);
		const syllable = Math.floor(nowMs / SYLLABLE_MS);
		const pitchHz = this.#pitchHz * (1 + 0.12 * (hash(syllable + 7919) - 0.5));
		for (let i = 0; i < CHUNK_SAMPLES; i++) {
			this.#gain += (target - this.#gain) * 0.002; // 10 ms, so that nothing clicks
			this.#phase = (this.#phase + pitchHz / SAMPLE_RATE) % 1;
			samples[i] = (WAVE[Math.floor(this.#phase * WAVE.length)] ?? 0) * this.#gain * 5200;
		}
		const chunk = { samples, sampleRate: 48000, bitsPerSample: 16, channelCount: 1, numberOfFrames: 480 } as const;
		return { chunk, level: this.#gain };
	}

	#strengthAt(nowMs: number): number {
		const turnMs = nowMs % (TURN_MS * this.#turns);
		if (Math.floor(turnMs / TURN_MS) !== this.#turn) return 0;
		const intoTurnMs = turnMs % TURN_MS;
		if (intoTurnMs < 200 || intoTurnMs > TURN_MS - 300) return 0;
		const syllable = Math.floor(nowMs / SYLLABLE_MS);
		if (hash(syllable) < 0.14) return 0; // a pause between words
		const within = (nowMs % SYLLABLE_MS) / SYLLABLE_MS;
		return Math.sin(Math.PI * within) ** 0.7 * (0.55 + 0.45 * hash(syllable + 1));
	}
}

/** A number from 0 to 1 that looks random but is the same for the same input. */
function hash(value: number): number {
	const x = Math.sin(value * 12.9898) * 43758.5453;
	return x - Math.floor(x);
}

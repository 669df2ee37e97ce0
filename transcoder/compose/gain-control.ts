import { programmeFormat } from "../programme-format.ts";
import { LoudnessMeter, toLufs, toMeanSquare } from "./loudness-meter.ts";

const TARGET_LUFS = -16;
const MAX_GAIN_DB = 12;
const TICKS_PER_S = programmeFormat.frameRate;
/** Up so slowly that nobody notices; down soon, since too loud annoys. */
const UP_DB_PER_TICK = 3 / TICKS_PER_S;
const DOWN_DB_PER_TICK = 12 / TICKS_PER_S;
/** Quieter than this is nobody speaking, but a room: the gain stays as it is. */
const SILENCE_LUFS = -45;
/** So much quieter than the person's speech is a pause in it, as BS.1770 counts too. */
const PAUSE_LU = 10;
/** Where nothing is as loud as their speech was, it counts less from second to second: they may have moved away from the microphone. */
const FORGET_LU_PER_TICK = 0.2 / TICKS_PER_S;
/** Speech that is remembered: 4 s. */
const MEMORY_TICKS = 4 * TICKS_PER_S;
/** A gain is found with this much speech, and not before. */
const LEAST_TICKS = TICKS_PER_S / 2;

/**
 * Brings one person's sound to -16 LUFS, by the loudness of the last seconds in which they spoke. Silence, noise and pauses change
 * nothing.
 */
export class GainControl {
	readonly #meter = new LoudnessMeter();
	/** Mean squares of the blocks in which they spoke. */
	readonly #speech = new Float64Array(MEMORY_TICKS);
	#count = 0;
	#next = 0;
	/** Of their speech; sinks while there is none. */
	#speechLufs = SILENCE_LUFS;
	#speaking = false;
	#gainDb = 0;

	/** Applies it to the sound of one tick, in place. Interleaved. */
	process(samples: Float32Array): void {
		this.#hear(this.#meter.push(samples));
		const from = 10 ** (this.#gainDb / 20);
		this.#gainDb += this.#change();
		const to = 10 ** (this.#gainDb / 20);
		const step = (to - from) / (samples.length / 2);
		for (let i = 0; i < samples.length; i += 2) {
			const gain = from + step * (i / 2 + 1);
			samples[i] = (samples[i] as number) * gain;
			samples[i + 1] = (samples[i + 1] as number) * gain;
		}
	}

	#hear(lufs: number): void {
		if (lufs < Math.max(SILENCE_LUFS, this.#speechLufs - PAUSE_LU)) {
			this.#speechLufs = Math.max(SILENCE_LUFS, this.#speechLufs - FORGET_LU_PER_TICK);
			this.#speaking = false;
			return;
		}
		this.#speaking = true;
		this.#speech[this.#next] = toMeanSquare(lufs);
		this.#next = (this.#next + 1) % MEMORY_TICKS;
		this.#count = Math.min(this.#count + 1, MEMORY_TICKS);
		let sum = 0;
		for (let i = 0; i < this.#count; i++) sum += this.#speech[i] as number;
		this.#speechLufs = toLufs(sum / this.#count);
	}

	#change(): number {
		if (!this.#speaking || this.#count < LEAST_TICKS) return 0;
		const wanted = Math.max(-MAX_GAIN_DB, Math.min(MAX_GAIN_DB, TARGET_LUFS - this.#speechLufs));
		return Math.max(-DOWN_DB_PER_TICK, Math.min(UP_DB_PER_TICK, wanted - this.#gainDb));
	}
}

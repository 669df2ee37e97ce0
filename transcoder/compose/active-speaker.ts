import type { Loudness } from "../../core/protocol/bus-topics.ts";
import { tileKey } from "../../core/protocol/scene.ts";

/** Of the sound itself, in -dBov as RFC 6464 counts: speech is louder, a room is not. */
const SPEECH_LEVEL = 50;
/** Whoever breaks in must be this much louder (dB) than who speaks, while both do. */
const MARGIN = 4;
/**
 * Whoever is the loudest in so many of the last windows speaks now. At a fifth of a second each, somebody who takes over
 * is shown after one second, pauses between their words included; a cough or a word of assent changes nothing.
 */
const WINDOWS_LED = 4;
const WINDOWS = 6;

/** Finds who speaks from how loud everybody's camera is. The sound of a screen (a video that is shown) is nobody speaking. */
export class ActiveSpeaker {
	#speaker: string | undefined;
	/** Who was the loudest, window by window, the newest last. */
	#led: (string | undefined)[] = [];

	/** `speaker`: `tileKey` of who is taken to speak at first. */
	constructor(speaker?: string) {
		this.#speaker = speaker;
	}

	/** Takes the levels of everybody on air in one more window. Returns the `tileKey` of who speaks, or spoke last. */
	hear(levels: readonly Loudness[]): string | undefined {
		const faces = new Map(levels.filter(({ source }) => source === "camera").map((one) => [tileKey(one), one.level]));
		if (this.#speaker !== undefined && !faces.has(this.#speaker)) this.#speaker = undefined;
		this.#led = this.#led.map((key) => (key !== undefined && faces.has(key) ? key : undefined)).slice(1 - WINDOWS);
		const leader = this.#leaderOf(faces);
		this.#led.push(leader);
		if (leader !== undefined && this.#led.filter((key) => key === leader).length >= WINDOWS_LED) this.#speaker = leader;
		return this.#speaker;
	}

	#leaderOf(faces: ReadonlyMap<string, number>): string | undefined {
		const own = this.#speaker === undefined ? undefined : faces.get(this.#speaker);
		let leader = own !== undefined && own <= SPEECH_LEVEL ? this.#speaker : undefined;
		let least = leader === undefined || own === undefined ? SPEECH_LEVEL : own - MARGIN;
		for (const [key, level] of faces) {
			if (key === this.#speaker || level > least) continue;
			leader = key;
			least = level - 1;
		}
		return leader;
	}
}

import { programmeFormat } from "../programme-format.ts";

/** From capture to tick, in ms. The least is what a tick takes of the future (its sound is 33 ms long) and a little more. */
export const MIN_PLAYOUT_DELAY_MS = 40;
export const MAX_PLAYOUT_DELAY_MS = 250;
/** Before anything is known: most networks are better. */
const START_MS = 100;
/** Nothing was seen or heard yet, so that a jump costs nothing. */
const WARM_UP_MS = 2000;
/** A moment that was worse than usual is remembered so long; one second of ten may be worse than what is waited for. */
const WINDOW_S = 20;
const WORSE_SECONDS = 0.1;
/** What the next seconds may be worse. */
const MARGIN_MS = 5;
const TICK_MS = 1000 / programmeFormat.frameRate;
/** A tick mixes the sound of the time until the next, and shows the picture of the middle of it. */
const aheadMs = { audio: TICK_MS, video: TICK_MS / 2 };
/** Sound follows a step up to 40 ms by its pace (see SoundPlacement), a larger one at once; so do pictures, to stay with it. */
const JUMP_MS = 45;
/** Sound that comes later than that is lost: worth a jump. */
const LATE_SOUND_MS = 5;
/** Slower than the pace at which sound may go, which is 5 ms a second. */
const GROWTH_MS_PER_S = 4;
const DECREASE_MS_PER_S = 2;
/** A missing packet's worth is a keyframe, which takes as long to ask for and to come: shorter waits do not pay. */
const MIN_VIDEO_WAIT_MS = 100;
const MIN_SOUND_WAIT_MS = 5;

/**
 * How long after its capture one person's media is shown: as short as the way it takes allows, which is what a jitter
 * buffer is. It is measured where the waiting ends (sound as it arrives, retransmissions included; pictures as they leave
 * the decoder), against the fastest packet of late (see MediaClock).
 *
 * Each person has their own, as in any conference: a bad network costs nobody else time, and people are not further
 * apart from each other than they were on the stage. One for a person's sound and pictures keeps these together: it is
 * added to the capture times of both. It changes slowly enough for sound to follow by its pace, unheard. Where far more is
 * needed it jumps: what is late is not heard anyway.
 */
export class PlayoutDelay {
	readonly #late = { audio: new WorstSeconds(), video: new WorstSeconds() };
	#delayMs = START_MS;
	#startedMs: number | undefined;
	#movedMs = 0;

	/** Between the two bounds, as of the last `move`. */
	get delayMs(): number {
		return this.#delayMs;
	}

	/** How long a missing packet of sound is waited for: longer, and those after it would be late as well. */
	get soundWaitMs(): number {
		return Math.max(MIN_SOUND_WAIT_MS, this.#delayMs - MIN_PLAYOUT_DELAY_MS);
	}

	/** The same for video, where late pictures are still better than none until a keyframe. */
	get videoWaitMs(): number {
		return Math.max(MIN_VIDEO_WAIT_MS, this.#delayMs);
	}

	/** Something captured at `captureMs` by the publisher's clock can be shown from now on. */
	ready(kind: "audio" | "video", captureMs: number, nowMs: number): void {
		this.#startedMs ??= nowMs;
		this.#late[kind].add(nowMs - captureMs + aheadMs[kind] + MARGIN_MS, nowMs);
	}

	/** To be called with every tick. */
	move(nowMs: number): void {
		const sinceS = Math.min(1, Math.max(0, nowMs - this.#movedMs) / 1000);
		this.#movedMs = nowMs;
		if (this.#startedMs === undefined) return;
		const [sound, video] = [this.#late.audio.value(nowMs), this.#late.video.value(nowMs)];
		const wantedMs = clamp(Math.max(sound, video));
		const missingMs = wantedMs - this.#delayMs;
		const soundIsLate = clamp(sound) - this.#delayMs > LATE_SOUND_MS;
		if (nowMs - this.#startedMs < WARM_UP_MS) this.#delayMs = Math.max(this.#delayMs, wantedMs);
		else if (soundIsLate || missingMs > JUMP_MS) this.#delayMs = clamp(this.#delayMs + Math.max(JUMP_MS, missingMs));
		else this.#delayMs += Math.max(-DECREASE_MS_PER_S * sinceS, Math.min(GROWTH_MS_PER_S * sinceS, missingMs));
	}
}

function clamp(delayMs: number): number {
	return Math.max(MIN_PLAYOUT_DELAY_MS, Math.min(MAX_PLAYOUT_DELAY_MS, delayMs));
}

/** The largest value of each of the last seconds, but for the worst of them. */
class WorstSeconds {
	#seconds: { second: number; most: number }[] = [];

	add(value: number, atMs: number): void {
		const second = Math.floor(atMs / 1000);
		const last = this.#seconds.at(-1);
		if (last?.second === second) last.most = Math.max(last.most, value);
		else this.#seconds.push({ second, most: value });
	}

	/** 0 where nothing came. */
	value(nowMs: number): number {
		const first = Math.floor(nowMs / 1000) - WINDOW_S;
		if ((this.#seconds[0]?.second ?? first) < first)
			this.#seconds = this.#seconds.filter(({ second }) => second >= first);
		const worst = this.#seconds.map(({ most }) => most).sort((a, b) => b - a);
		return worst[Math.floor(worst.length * WORSE_SECONDS)] ?? 0;
	}
}

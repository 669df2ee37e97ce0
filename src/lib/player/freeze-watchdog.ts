/**
 * Two ways out of a frozen picture. hls.js can re-select a segment it has already finished, when the browser reports the
 * end of its buffer a microsecond below the boundary, and then waits until that segment's parts have left the playlist.
 */
export type Remedy = "jump" | "reload";

/** Before that, hls.js's own gap handling is at work. */
const FROZEN_MS = 1500;
/** For the next remedy, and for the first one to have proved itself. */
const NEXT_REMEDY_MS = 5000;
/** The playlist must list this much beyond the playhead: with less it is the stream that stands still. */
const LISTED_AHEAD_S = 1;
/** A playhead that has this much in front of it and still does not move is not waiting for the network. */
const AMPLE_BUFFER_S = 3;
const PROGRESS_S = 0.01;

interface Moment {
	/** Any steady clock. */
	nowMs: number;
	/** False when paused or not started. */
	shouldPlay: boolean;
	positionS: number;
	/** End of the buffered range that the playhead is in. */
	bufferEndS: number;
	/** End of what the playlist lists; null: unknown. */
	edgeS: number | null;
}

/** Notices a playhead that stands still although there is something to play and nothing more comes into its buffer. */
export class FreezeWatchdog {
	#positionS = Number.NaN;
	#bufferEndS = Number.NaN;
	#quietSinceMs = 0;
	#remedies = 0;
	#remedyAtMs = 0;

	/** To be called a few times a second. Gives a jump to the live edge first, and reloads while that has not helped. */
	check({ nowMs, shouldPlay, positionS, bufferEndS, edgeS }: Moment): Remedy | null {
		const moved = differs(positionS, this.#positionS);
		const loading = differs(bufferEndS, this.#bufferEndS) && bufferEndS - positionS < AMPLE_BUFFER_S;
		const nothingToPlay = edgeS === null || edgeS - positionS < LISTED_AHEAD_S;
		this.#positionS = positionS;
		this.#bufferEndS = bufferEndS;
		if (!shouldPlay || nothingToPlay || moved || loading) {
			this.#quietSinceMs = nowMs;
			// A jump moves the playhead too, so it has to keep moving for a while.
			if (moved && nowMs - this.#remedyAtMs > 2 * NEXT_REMEDY_MS) this.#remedies = 0;
			return null;
		}
		if (nowMs - this.#quietSinceMs < (this.#remedies === 0 ? FROZEN_MS : NEXT_REMEDY_MS)) return null;
		this.#quietSinceMs = nowMs;
		this.#remedyAtMs = nowMs;
		this.#remedies++;
		return this.#remedies === 1 ? "jump" : "reload";
	}
}

function differs(a: number, b: number): boolean {
	return !(Math.abs(a - b) < PROGRESS_S);
}

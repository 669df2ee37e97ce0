import type { MediaWindow } from "./playback-engine.ts";

/** In less than that nobody looks for what they have missed. */
const LEAST_WINDOW_S = 120;
/** What leaves the window next is gone before it has been loaded. */
const SAFE_START_S = 6;
/** Nearer to the edge than this the playhead is simply late, and is brought back. */
const REWOUND_S = 3;
/** A seek bar shows no less. */
const NOTICEABLE_S = 0.5;

/** What a viewer can go back to of what a stream lists; null: not enough to speak of. */
export function rewindable(listed: MediaWindow | null): MediaWindow | null {
	if (!listed || listed.endS - listed.startS < LEAST_WINDOW_S) return null;
	return { startS: listed.startS + SAFE_START_S, endS: listed.endS };
}

/** Whether a playhead that far behind the live position is there because somebody wants it to be. */
export function isRewound(behindS: number): boolean {
	return behindS > REWOUND_S;
}

/** As far as a seek bar can show it. */
export function sameWindow(a: MediaWindow | null, b: MediaWindow | null): boolean {
	if (!a || !b) return a === b;
	return Math.abs(a.startS - b.startS) < NOTICEABLE_S && Math.abs(a.endS - b.endS) < NOTICEABLE_S;
}

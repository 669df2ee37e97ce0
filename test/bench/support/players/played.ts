import type { Figure } from "../row.ts";

/** How a player got on with the stream. */
export interface Played {
	/** From its start to its first picture; NaN where that cannot be known. */
	startMs: number;
	/** Of the stream, since its first picture. */
	playedSeconds: number;
	/** Decoded, and those of them that came too late to be shown. */
	pictures: number;
	dropped: number;
	/** How often nothing more came to be played. */
	stalls: number;
	/** Longest time for which the picture stood still; NaN where that cannot be known. */
	longestGapMs: number;
	/** From the drawing of a picture; empty where that cannot be known. */
	latenciesMs: number[];
	/** As the player says them. */
	errors: string[];
	/** What else is worth a look. */
	notes?: Record<string, Figure>;
}

export interface TestedPlayer {
	name: string;
	/** Plays the stream for so long, counted from the first picture. @throws Error when there never was one */
	play(streamUrl: string, forMs: number): Promise<Played>;
}

/** Until a player shows its first picture. */
export const FIRST_PICTURE_DEADLINE_MS = 30_000;

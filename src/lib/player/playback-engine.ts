export interface PlayerLevel {
	/** Pixels; 0: sound alone, or not known. */
	width: number;
	/** Lines of picture; 0: sound alone. */
	height: number;
	/** Bits a second. */
	bitrate: number;
}

/** Media time, in seconds. */
export interface MediaWindow {
	startS: number;
	endS: number;
}

/** What brings a stream into a video element. A date is the server's clock when something was captured, in epoch milliseconds. */
export interface PlaybackEngine {
	/** Of what is shown now; null: not known yet. */
	readonly playingDateMs: number | null;
	/** Media time to jump to for the live edge. */
	readonly livePositionS: number | null;
	/** Media time of the end of what is listed. */
	readonly edgeS: number | null;
	/** What can be played, from the oldest on to the live position. */
	readonly window: MediaWindow | null;
	/** The distance from the edge that the stream asks for; null: not known. */
	readonly holdBackMs: number | null;
	/** How the playhead may be kept near the edge: `nothing` where the browser sees to that by itself. */
	readonly ledBy: "rate-and-jumps" | "jumps" | "nothing";
	/** Differs from what it was whenever something has come from the network. */
	readonly arrivals: number;
	/** Ends the loading: a paused player costs nobody anything. */
	suspend(): void;
	/** Loads again, from that date on where it can still be had; null: from the live edge. */
	resume(fromMs: number | null): void;
	/** Drops requests that nobody answers any more and asks anew. */
	restart(): void;
	/** Starts over with the multivariant playlist, where `startAtMs()` says. */
	reload(): void;
	/** Index of the level to keep to; null: whatever the network carries. `atOnce`: what is loaded already goes. */
	chooseLevel(level: number | null, atOnce: boolean): void;
	destroy(): void;
}

export interface PlaybackEngineListener {
	/** Where a start is to begin; null: the live edge. */
	startAtMs(): number | null;
	/** `level`: index of the one that plays. */
	levels(levels: PlayerLevel[], level: number | null): void;
	/** The stream had ended before anything of it was played. */
	alreadyEnded(): void;
	/** This browser cannot play it; nothing is tried any more. */
	unplayable(detail: string): void;
}

export interface PlayerLevel {
	/** Lines of picture; 0: sound alone. */
	height: number;
	/** Bits a second. */
	bitrate: number;
}

/** What brings a stream into a video element. */
export interface PlaybackEngine {
	/** The server's clock when what is shown now was captured, in milliseconds since the epoch; null: not known yet. */
	readonly playingDateMs: number | null;
	/** Media time to jump to for the live edge. */
	readonly livePositionS: number | null;
	/** Media time of the end of what is listed. */
	readonly edgeS: number | null;
	/** Ends the loading: a paused player costs nobody anything. */
	suspend(): void;
	resume(): void;
	/** Starts over with the multivariant playlist. */
	reload(): void;
	destroy(): void;
}

export interface PlaybackEngineListener {
	/** `level`: index of the one that plays. */
	levels(levels: PlayerLevel[], level: number | null): void;
	/** The stream had ended before anything of it was played. */
	alreadyEnded(): void;
	/** This browser cannot play it; nothing is tried any more. */
	unplayable(detail: string): void;
}

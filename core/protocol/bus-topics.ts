import type { Brand } from "./brand.ts";
import type { PersonFigures } from "./figures.ts";
import type { LayoutKind, Scene, TileId } from "./scene.ts";
import type { Shedding } from "./shedding.ts";
import type { MediaSource } from "./stage.ts";

/**
 * Retained topics: the last value under each key is replayed to whoever subscribes later (desired state, reconciled).
 * Null removes a key. Keys of both are webinar ids.
 */
export interface RetainedTopics {
	/**
	 * Control's wish for a programme. The transcoder starts it, moves it to the newest scene, and ends it. `preview`: it is
	 * composed for those who watch it by WHEP alone, and not published; the same programme goes on when it becomes `live`.
	 */
	programme: { desired: "live" | "preview" | "ended"; scene: Scene };
	/** Ingest: somebody watches the webinar's programme by WHEP. */
	"programme-watched": { watching: true };
	/** Control: the webinar is private, so that its programme is served to those with a pass alone. */
	"playback-private": { private: true };
	/** How a webinar's programme looks; without one, plain. */
	brand: Brand;
	/** Where the programme is sent besides, while it is live. `url`: rtmp, rtmps or srt; it holds a secret, so never log it. */
	outputs: { id: string; url: string }[];
}

/** How loud one person's sound itself is. `level`: 0 (loudest) to 127 (silence) in -dBov, as RFC 6464 counts. */
export interface Loudness {
	personId: string;
	source: MediaSource;
	level: number;
}

/** Moments: delivered to those subscribed now, then gone. */
export interface EventTopics {
	/** Ingest: a person's WHIP session carries media, or its set of tracks changed. Repeated is harmless. */
	"publisher-present": { webinarId: string; personId: string; source: MediaSource; audio: boolean; video: boolean };
	/** Ingest: that person publishes no more (deleted, timed out, kicked). */
	"publisher-gone": { webinarId: string; personId: string; source: MediaSource };
	/** Ingest: a WHIP or WHEP session is over, whoever ended it. */
	"session-ended": {
		webinarId: string;
		personId: string;
		session: string;
		kind: "publisher" | "subscriber";
		/** For a log line: "deleted", "replaced", "removed", "silent", "worker lost", … */
		reason: string;
	};
	/** Ingest: which person, and what of them, each slot of a WHEP session shows; null in both is an empty slot. */
	slots: {
		webinarId: string;
		personId: string;
		session: string;
		people: (string | null)[];
		sources: (MediaSource | null)[];
	};
	/**
	 * Ingest: how everybody's media goes, every two seconds while somebody has a session in the webinar. Empty, once, when
	 * nobody has any more.
	 */
	"stage-figures": { webinarId: string; people: PersonFigures[] };
	/** Control: end this person's WHIP and WHEP sessions now. */
	"person-removed": { webinarId: string; personId: string };
	/** Control: end every session of the webinar. */
	"webinar-closed": { webinarId: string };
	/** Control: nothing of the webinar is to be kept. */
	"webinar-deleted": { webinarId: string };
	/** Transcoder: whether what is published reaches the disk; `reason` is an error code of the system, such as ENOSPC. */
	"archive-state": { webinarId: string; state: "writing" | "failing"; reason?: string };
	/** Transcoder: a programme's health. `shedding`: "none" when left out. */
	"programme-state": {
		webinarId: string;
		state: "starting" | "running" | "recovering" | "ended";
		shedding?: Shedding;
	};
	/** Transcoder: whether one of the `outputs` gets the programme. `reason`: in words, without the URL. */
	"output-state": { webinarId: string; id: string; state: "connecting" | "live" | "failed"; reason?: string };
	/** Transcoder: from `at` (ms since the Unix epoch, capture time) on the programme shows this. */
	"programme-change": {
		webinarId: string;
		at: number;
		layout: LayoutKind;
		/** In the order of the scene. */
		people: TileId[];
		speaker: TileId | null;
	};
	/** Transcoder: of everybody on air, in the last fifth of a second. */
	loudness: { webinarId: string; levels: Loudness[] };
}

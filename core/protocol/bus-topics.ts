import type { Scene } from "./scene.ts";

/**
 * Retained topics: the last value under each key is replayed to whoever subscribes later (desired state, reconciled).
 * Null removes a key. Keys of both are webinar ids.
 */
export interface RetainedTopics {
	/** Control's wish for a programme. The transcoder starts it, moves it to the newest scene, and ends it. */
	programme: { desired: "live" | "ended"; scene: Scene };
}

/** Moments: delivered to those subscribed now, then gone. */
export interface EventTopics {
	/** Ingest: a person's WHIP session carries media, or its set of tracks changed. Repeated is harmless. */
	"publisher-present": { webinarId: string; personId: string; audio: boolean; video: boolean };
	/** Ingest: that person publishes no more (deleted, timed out, kicked). */
	"publisher-gone": { webinarId: string; personId: string };
	/** Ingest: which person each slot of a WHEP session shows. */
	slots: { webinarId: string; personId: string; session: string; people: (string | null)[] };
	/** Control: end this person's WHIP and WHEP sessions now. */
	"person-removed": { webinarId: string; personId: string };
	/** Control: end every session of the webinar. */
	"webinar-closed": { webinarId: string };
	/** Transcoder: a programme's health. */
	"programme-state": { webinarId: string; state: "starting" | "running" | "recovering" | "ended" };
}

import * as z from "zod";

/** Lines of the picture; 0: sound alone. Safari tells the picture's own height, so any number may come. */
const heightPixels = z.number().int().min(0).max(4320);
const milliseconds = z.number().int().min(0);
const HOUR_MS = 3_600_000;

/**
 * `POST /api/webinars/:id/playback`: how the programme plays in one player, which says so every now and then. It names nobody:
 * `viewer` is drawn anew whenever a page opens.
 */
export const playbackReportSchema = z.strictObject({
	viewer: z.string().regex(/^[a-z0-9]{12}$/, "must be 12 characters of a-z and 0-9"),
	/** `left`: the page goes, and this is its last report. */
	state: z.enum(["loading", "playing", "stalled", "paused", "left"]),
	/** From the player's start to its first picture. */
	startUpMs: milliseconds.max(HOUR_MS).optional(),
	/** From a picture's composition to its display, while the player follows the live edge. */
	latencyMs: milliseconds.max(HOUR_MS).optional(),
	/** How often it ran dry since the last report that was answered, and for how long in all. */
	stalls: z.number().int().min(0).max(1000),
	stalledMs: milliseconds.max(HOUR_MS),
	heightPixels: heightPixels.optional(),
});
export type PlaybackReport = z.infer<typeof playbackReportSchema>;

/** What a player is to do. */
export const playbackAdviceSchema = z.object({
	/** Until its next report: the larger the audience, the longer. */
	nextInMs: milliseconds,
	/** The least latency to aim at; 0: its own choice. It rises while the playback of many runs dry. */
	latencyFloorMs: milliseconds,
});
export type PlaybackAdvice = z.infer<typeof playbackAdviceSchema>;

const spreadSchema = z.object({ p50: milliseconds, p95: milliseconds }).nullable();

/** How the programme reaches the audience, by the reports of players that are open now. */
export const audienceSchema = z.object({
	viewers: z.number().int().min(0),
	/** Null: no player has told it. */
	startUpMs: spreadSchema,
	latencyMs: spreadSchema,
	/** 0 to 1: whose playback ran dry within the last minute, or since their report before the last. */
	stalledShare: z.number().min(0).max(1),
	/** How many watch which picture, the highest first. */
	rungs: z.array(z.object({ heightPixels, viewers: z.number().int().min(1) })),
	latencyFloorMs: milliseconds,
});
export type Audience = z.infer<typeof audienceSchema>;

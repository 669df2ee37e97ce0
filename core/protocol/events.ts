import * as z from "zod";
import { personFiguresSchema } from "./figures.ts";
import { personIdSchema } from "./ids.ts";
import { outputSchema } from "./outputs.ts";
import { audienceSchema } from "./playback.ts";
import { directedSceneSchema } from "./scene-direction.ts";
import { sheddingSchema } from "./shedding.ts";
import { handSchema, mediaSourceSchema, promotionSchema, stageSchema } from "./stage.ts";
import { personSchema, webinarSchema } from "./webinar.ts";

/** Milliseconds since the Unix epoch, on the server's clock. */
const at = z.number();

/** What the server says over `GET /api/webinars/:id/events?token=`. */
export const serverEventSchema = z.discriminatedUnion("type", [
	/** First on every connection: the whole state this person may see. What is optional: hosts only. */
	z.object({
		type: z.literal("welcome"),
		at,
		you: personSchema,
		webinar: webinarSchema,
		stage: stageSchema,
		promotion: promotionSchema,
		hands: z.array(handSchema).optional(),
		watching: z.number().int().optional(),
		scene: directedSceneSchema.optional(),
		/** Absent as well where players do not report. */
		audience: audienceSchema.optional(),
	}),
	z.object({ type: z.literal("webinar"), at, webinar: webinarSchema }),
	z.object({ type: z.literal("stage"), at, stage: stageSchema }),
	/** To hosts. */
	z.object({ type: z.literal("hands"), at, hands: z.array(handSchema) }),
	/** To hosts: the programme as it should be now. */
	z.object({ type: z.literal("scene"), at, scene: directedSceneSchema }),
	/** To hosts, on every connection and when it changes: where the programme is sent besides, and how that goes. */
	z.object({ type: z.literal("outputs"), at, outputs: z.array(outputSchema) }),
	/** To hosts: attendees connected now. */
	z.object({ type: z.literal("watching"), at, watching: z.number().int() }),
	/** To hosts, every few seconds while it changes: how the programme reaches the audience. */
	z.object({ type: z.literal("audience"), at, audience: audienceSchema }),
	/** To the one attendee it concerns. */
	z.object({ type: z.literal("promotion"), at, promotion: promotionSchema }),
	/**
	 * To the one person whose WHEP session `session` (the last path segment of its Location) it is. `people[i]` is shown in
	 * the i-th video and heard in the i-th audio m-line of the offer, `sources[i]` tells what of them; null is an empty slot.
	 */
	z.object({
		type: z.literal("slots"),
		at,
		session: z.string(),
		people: z.array(personIdSchema.nullable()),
		sources: z.array(mediaSourceSchema.nullable()),
	}),
	/**
	 * To the one person whose WHIP or WHEP session it was: the server has ended it. Media tells that to a browser only after
	 * many seconds.
	 */
	z.object({ type: z.literal("session-ended"), at, session: z.string(), reason: z.string() }),
	/** To hosts: the programme's health, and what it gives up because the machine has too little time for it. */
	z.object({
		type: z.literal("programme"),
		at,
		state: z.enum(["starting", "running", "recovering", "ended"]),
		shedding: sheddingSchema,
	}),
	/**
	 * To hosts, when it changes: whether the programme reaches the server's disk. While it fails the audience sees it as
	 * before, but can rewind to less of it. `reason`: an error code of the system, such as ENOSPC.
	 */
	z.object({
		type: z.literal("archive"),
		at,
		state: z.enum(["writing", "failing"]),
		reason: z.string().optional(),
	}),
	/** Every two seconds: to hosts everybody's, to who is on stage their own. Empty when nobody has a session any more. */
	z.object({ type: z.literal("figures"), at, people: z.array(personFiguresSchema) }),
	z.object({ type: z.literal("pong"), at, id: z.number() }),
]);
export type ServerEvent = z.infer<typeof serverEventSchema>;

/** What a client may say. Anything else closes the socket: 1007 for what is no JSON, 1008 for what does not fit. */
export const clientMessageSchema = z.discriminatedUnion("type", [
	/** Attendees. Lowering a hand also declines an offer. */
	z.strictObject({ type: z.literal("hand"), raised: z.boolean() }),
	/** A promoted attendee goes back to the audience. */
	z.strictObject({ type: z.literal("leave-stage") }),
	/**
	 * Who is on stage, or comes on it: whether their camera is switched on. One that is off sends black, and only this tells
	 * it from a dark room. To be said on every connection; what was said last holds while that connection lasts, and beyond
	 * it until the person publishes anew.
	 */
	z.strictObject({ type: z.literal("camera"), on: z.boolean() }),
	/** Answered by `pong` with the same id: a client measures its clock's offset with it. */
	z.strictObject({ type: z.literal("ping"), id: z.number() }),
]);
export type ClientMessage = z.infer<typeof clientMessageSchema>;

import * as z from "zod";
import { personIdSchema } from "./ids.ts";
import { handSchema, promotionSchema, stageSchema } from "./stage.ts";
import { personSchema, webinarSchema } from "./webinar.ts";

/** Milliseconds since the Unix epoch, on the server's clock. */
const at = z.number();

/** What the server says over `GET /api/webinars/:id/events?token=`. */
export const serverEventSchema = z.discriminatedUnion("type", [
	/** First on every connection: the whole state this person may see. `hands` and `watching`: hosts only. */
	z.object({
		type: z.literal("welcome"),
		at,
		you: personSchema,
		webinar: webinarSchema,
		stage: stageSchema,
		promotion: promotionSchema,
		hands: z.array(handSchema).optional(),
		watching: z.number().int().optional(),
	}),
	z.object({ type: z.literal("webinar"), at, webinar: webinarSchema }),
	z.object({ type: z.literal("stage"), at, stage: stageSchema }),
	/** To hosts. */
	z.object({ type: z.literal("hands"), at, hands: z.array(handSchema) }),
	/** To hosts: attendees connected now. */
	z.object({ type: z.literal("watching"), at, watching: z.number().int() }),
	/** To the one attendee it concerns. */
	z.object({ type: z.literal("promotion"), at, promotion: promotionSchema }),
	/**
	 * To the one person whose WHEP session `session` (the last path segment of its Location) it is. `people[i]` is shown in
	 * the i-th video and heard in the i-th audio m-line of the offer; null is an empty slot.
	 */
	z.object({ type: z.literal("slots"), at, session: z.string(), people: z.array(personIdSchema.nullable()) }),
	/** To hosts: the programme's health, in words fit for a log line. */
	z.object({ type: z.literal("programme"), at, state: z.enum(["starting", "running", "recovering", "ended"]) }),
	z.object({ type: z.literal("pong"), at, id: z.number() }),
]);
export type ServerEvent = z.infer<typeof serverEventSchema>;

/** What a client may say. Anything else closes the socket: 1007 for what is no JSON, 1008 for what does not fit. */
export const clientMessageSchema = z.discriminatedUnion("type", [
	/** Attendees. Lowering a hand also declines an offer. */
	z.strictObject({ type: z.literal("hand"), raised: z.boolean() }),
	/** A promoted attendee goes back to the audience. */
	z.strictObject({ type: z.literal("leave-stage") }),
	/** Answered by `pong` with the same id: a client measures its clock's offset with it. */
	z.strictObject({ type: z.literal("ping"), id: z.number() }),
]);
export type ClientMessage = z.infer<typeof clientMessageSchema>;

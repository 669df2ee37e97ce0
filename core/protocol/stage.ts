import * as z from "zod";
import { personIdSchema } from "./ids.ts";
import { personNameSchema, personTitleSchema, roleSchema } from "./webinar.ts";

/** What a WHIP session shows of a person: a person may publish both at once, each by a session of its own. */
export const mediaSourceSchema = z.enum(["camera", "screen"]);
export type MediaSource = z.infer<typeof mediaSourceSchema>;

/**
 * Someone who publishes by WHIP. `onAir`: part of the programme, rather than held backstage. `video`: their camera is on.
 * `screen`: shares a screen too.
 */
export const stagePersonSchema = z.object({
	personId: personIdSchema,
	name: personNameSchema,
	title: personTitleSchema,
	role: roleSchema,
	onAir: z.boolean(),
	audio: z.boolean(),
	video: z.boolean(),
	screen: z.boolean(),
});
export type StagePerson = z.infer<typeof stagePersonSchema>;

export const stageSchema = z.object({ people: z.array(stagePersonSchema) });
export type Stage = z.infer<typeof stageSchema>;

/** `PATCH /api/webinars/:id/stage/:personId` host */
export const patchStagePersonSchema = z.strictObject({ onAir: z.boolean() });

export const handSchema = z.object({
	personId: personIdSchema,
	name: personNameSchema,
	raisedAt: z.number(),
	/** The host accepted and the person has yet to come on stage. */
	offered: z.boolean(),
});
export type Hand = z.infer<typeof handSchema>;

/**
 * Where one attendee stands between audience and stage. `offered` and `on-stage` carry a presenter token for WHIP and
 * WHEP; it dies when the host or the guest ends the visit.
 */
export const promotionSchema = z.discriminatedUnion("state", [
	z.object({ state: z.literal("none") }),
	z.object({ state: z.literal("raised") }),
	z.object({ state: z.literal("offered"), token: z.string() }),
	z.object({ state: z.literal("on-stage"), token: z.string() }),
]);
export type Promotion = z.infer<typeof promotionSchema>;

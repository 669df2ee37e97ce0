import * as z from "zod";
import { personIdSchema } from "./ids.ts";
import { mediaSourceSchema } from "./stage.ts";

/** Of media, headers left out, over about the last second. */
const bitsPerSecond = z.number().nonnegative();
/** 0 to 1. */
const lossShare = z.number().min(0).max(1);
/** Left out before anything told it. */
const rttMs = z.number().nonnegative().optional();
/** `rid`: of simulcast. `height`: once a keyframe has told it. */
const layer = { rid: z.string().optional(), height: z.number().int().optional(), bitsPerSecond };

/** How a person's picture and sound reach the server, camera and screen together. */
const upFiguresSchema = z.object({
	bitsPerSecond,
	/** Of the packets since the figures before. */
	lossShare,
	rttMs,
	/** RFC 3550 section 6.4.1, of the layer that has most. */
	jitterMs: z.number().nonnegative(),
	/** Since the person publishes, as WebRTC's `freezeCount`. */
	freezes: z.number().int().nonnegative(),
	/** Of video. */
	layers: z.array(z.object({ source: mediaSourceSchema, ...layer })),
});
export type UpFigures = z.infer<typeof upFiguresSchema>;

/** How the others reach a person. */
const downFiguresSchema = z.object({
	bitsPerSecond,
	/** What the path is thought to carry. */
	estimateBitsPerSecond: z.number().nonnegative(),
	/** As the person's browser reports it. */
	lossShare,
	rttMs,
	/** Slots whose picture is held back, because the path has no room for it. */
	paused: z.array(z.number().int().nonnegative()),
	/** Of video, the slots that show somebody. */
	layers: z.array(z.object({ slot: z.number().int().nonnegative(), ...layer })),
});
export type DownFigures = z.infer<typeof downFiguresSchema>;

/** One person's WHIP (`up`) and newest WHEP (`down`) session, as far as they have one. */
export const personFiguresSchema = z.object({
	personId: personIdSchema,
	up: upFiguresSchema.optional(),
	down: downFiguresSchema.optional(),
});
export type PersonFigures = z.infer<typeof personFiguresSchema>;

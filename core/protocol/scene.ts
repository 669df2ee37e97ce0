import * as z from "zod";
import { personIdSchema, webinarIdSchema } from "./ids.ts";

/** Who is in the programme, in tile order (row by row from the top left). */
export const scenePersonSchema = z.object({ personId: personIdSchema, name: z.string() });
export type ScenePerson = z.infer<typeof scenePersonSchema>;

/**
 * The programme as control wants it. The transcoder moves to the newest version it has seen; a restarted one starts from
 * it. `version` only goes up within a webinar.
 */
export const sceneSchema = z.object({
	webinarId: webinarIdSchema,
	version: z.number().int().nonnegative(),
	title: z.string(),
	people: z.array(scenePersonSchema),
});
export type Scene = z.infer<typeof sceneSchema>;

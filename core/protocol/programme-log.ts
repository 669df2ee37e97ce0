import * as z from "zod";
import { layoutKindSchema, tileSchema } from "./scene.ts";

/** What the programme showed from a moment on, until the next change. */
export const programmeChangeSchema = z.object({
	/** ISO 8601 in UTC: capture time, which is the time of the media playlists (EXT-X-PROGRAM-DATE-TIME). */
	at: z.iso.datetime(),
	layout: layoutKindSchema,
	/** Everybody on air, whether the layout has a place for them or not. */
	people: z.array(tileSchema),
	speaker: tileSchema.nullable(),
});
export type ProgrammeChange = z.infer<typeof programmeChangeSchema>;

/** Oldest first. */
export const programmeLogSchema = z.object({ items: z.array(programmeChangeSchema), next: z.string().optional() });
export type ProgrammeLogPage = z.infer<typeof programmeLogSchema>;

import * as z from "zod";
import { personIdSchema, webinarIdSchema } from "./ids.ts";
import { mediaSourceSchema } from "./stage.ts";

/** One tile: someone's camera or screen. */
export const tileSchema = z.object({ personId: personIdSchema, source: mediaSourceSchema });
export type TileId = z.infer<typeof tileSchema>;

/** What a tile shows and says. Their order is that of first coming, screens before cameras. */
export const scenePersonSchema = z.object({
	...tileSchema.shape,
	name: z.string(),
	/** Below the name ("Head of Research"); empty for none. */
	title: z.string(),
	/** False: it is switched off, and its placeholder is shown at once. */
	video: z.boolean(),
});
export type ScenePerson = z.infer<typeof scenePersonSchema>;

/** Tells one tile from the others of a scene, and is the same in the next one. */
export const tileKey = ({ personId, source }: TileId): string => `${personId} ${source}`;

/**
 * - `grid`: everybody alike, up to 16
 * - `speaker`: the pinned or loudest one large, the others in a strip
 * - `screen-and-speakers`: a screen large, people in a column beside it
 * - `picture-in-picture`: a screen on all of the canvas, the speaker in a corner
 * - `side-by-side`: two alike: the pinned or a screen, and the speaker
 * - `solo`: the pinned or loudest one alone
 */
export const layoutKindSchema = z.enum([
	"grid",
	"speaker",
	"screen-and-speakers",
	"picture-in-picture",
	"side-by-side",
	"solo",
]);
export type LayoutKind = z.infer<typeof layoutKindSchema>;

export const layoutSchema = z.object({ kind: layoutKindSchema, pinned: tileSchema.nullable() });
export type Layout = z.infer<typeof layoutSchema>;

/** Two lines over the lower part of the picture. */
export const lowerThirdSchema = z.object({ title: z.string(), subtitle: z.string() });
export type LowerThird = z.infer<typeof lowerThirdSchema>;

/** Shown while nobody is on air. `startsAt`: counted down to, ms since the Unix epoch. */
export const slateSchema = z.object({
	kind: z.enum(["starting-soon", "back-in-a-moment", "thank-you"]),
	startsAt: z.number().nullable(),
});
export type Slate = z.infer<typeof slateSchema>;

/**
 * The programme as control wants it. The transcoder moves to the newest version it has seen; a restarted one starts from
 * it. `version` only goes up within a webinar.
 */
export const sceneSchema = z.object({
	webinarId: webinarIdSchema,
	version: z.number().int().nonnegative(),
	title: z.string(),
	/** The webinar's title stands in the picture. */
	titleShown: z.boolean(),
	people: z.array(scenePersonSchema),
	layout: layoutSchema,
	lowerThird: lowerThirdSchema.nullable(),
	slate: slateSchema,
});
export type Scene = z.infer<typeof sceneSchema>;

/** Nobody on air, everything else plain. */
export function emptyScene({ webinarId, version, title }: Pick<Scene, "webinarId" | "version" | "title">): Scene {
	return {
		webinarId,
		version,
		title,
		titleShown: false,
		people: [],
		layout: { kind: "grid", pinned: null },
		lowerThird: null,
		slate: { kind: "starting-soon", startsAt: null },
	};
}

import * as z from "zod";
import { layoutSchema, sceneSchema, slateSchema } from "./scene.ts";
import { lineSchema } from "./webinar.ts";

/** The last moment a Date can hold (ECMA-262, 21.4.1.1). */
const LAST_INSTANT_MS = 8.64e15;

/** `PATCH /api/webinars/:id/scene` host: what is left out stays as it is. */
export const patchSceneSchema = z
	.strictObject({
		layout: z.strictObject({
			...layoutSchema.shape,
			pinned: z.strictObject(layoutSchema.shape.pinned.unwrap().shape).nullable(),
		}),
		/** Null hides it. */
		lowerThird: z.strictObject({ title: lineSchema.min(1).max(100), subtitle: lineSchema.max(120) }).nullable(),
		titleShown: z.boolean(),
		/** Null: it follows the webinar. Without `startsAt` it counts down to the webinar's. */
		slate: z
			.strictObject({
				kind: slateSchema.shape.kind,
				startsAt: z.number().int().min(0).max(LAST_INSTANT_MS).nullable().optional(),
			})
			.nullable(),
	})
	.partial();
export type PatchScene = z.infer<typeof patchSceneSchema>;

/** A scene as hosts see it. */
export const directedSceneSchema = sceneSchema.extend({
	/** The slate follows the webinar, rather than being a host's choice. */
	slateFollows: z.boolean(),
});
export type DirectedScene = z.infer<typeof directedSceneSchema>;

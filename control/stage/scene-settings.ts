import * as z from "zod";
import { patchSceneSchema } from "../../core/protocol/scene-direction.ts";
import type { Store } from "../store/store.ts";

const { layout, lowerThird, titleShown, slate } = patchSceneSchema.required().shape;

const sceneSettingsSchema = z.object({
	layout,
	lowerThird,
	titleShown,
	/** Null: it follows the webinar. */
	slate,
	/** Since the webinar is live. */
	hasBeenOnAir: z.boolean(),
});

/** How a host wants one webinar's programme, whoever is in it. */
export type SceneSettings = z.infer<typeof sceneSettingsSchema>;

export const plainSettings: SceneSettings = {
	layout: { kind: "grid", pinned: null },
	lowerThird: null,
	titleShown: false,
	slate: null,
	hasBeenOnAir: false,
};

export interface SceneSettingsStore {
	/** Plain ones where none were kept, or by a version that meant something else by them. */
	read(webinarId: string): Promise<SceneSettings>;
	/** The webinar must exist. */
	write(webinarId: string, settings: SceneSettings): Promise<void>;
}

export function createSceneSettings({ store }: { store: Store }): SceneSettingsStore {
	return {
		async read(webinarId) {
			const row = await store
				.selectFrom("scene_settings")
				.select("settings")
				.where("webinar_id", "=", webinarId)
				.executeTakeFirst();
			return (row && sceneSettingsSchema.safeParse(JSON.parse(row.settings)).data) ?? plainSettings;
		},
		async write(webinarId, settings) {
			const json = JSON.stringify(settings);
			await store
				.insertInto("scene_settings")
				.values({ webinar_id: webinarId, settings: json })
				.onConflict((conflict) => conflict.column("webinar_id").doUpdateSet({ settings: json }))
				.execute();
		},
	};
}

import { beforeEach, expect, test } from "vitest";
import { type ScenePerson, sceneSchema } from "../../core/protocol/scene.ts";
import type { Webinar } from "../../core/protocol/webinar.ts";
import { SceneDirector } from "./scene-director.ts";
import { plainSettings } from "./scene-settings.ts";

const START = 1_700_000_000_000;
const startsAt = "2026-12-01T10:00:00.000Z";
const scheduled: Webinar = {
	id: "wwwwwwwwwwww",
	title: "Title",
	state: "scheduled",
	access: "public",
	startsAt,
	createdAt: "2026-01-01T00:00:00.000Z",
	startedAt: null,
	endedAt: null,
	links: { host: "http://x/h", stage: "http://x/s", watch: "http://x/w", embed: "http://x/e" },
};
const live: Webinar = { ...scheduled, state: "live" };
const pia: ScenePerson = { personId: "p-piapiapiapia", source: "camera", name: "Pia", title: "", video: true };
const hedy: ScenePerson = { ...pia, personId: "p-hedyhedyhedy", name: "Hedy" };

let director: SceneDirector;
const create = (webinar: Webinar) => new SceneDirector(webinar, { clock: { now: () => START } });
beforeEach(() => {
	director = create(live);
});

test("a scene is plain at first, and fits the protocol", () => {
	expect(director.scene).toMatchObject({ title: "Title", layout: { kind: "grid", pinned: null }, people: [] });
	expect(sceneSchema.parse(director.scene)).toEqual(director.scene);
});

test("a patch changes what it holds and nothing else", () => {
	director.direct({ lowerThird: { title: "Pia", subtitle: "" }, titleShown: true });
	expect(director.direct({ layout: { kind: "solo", pinned: null } })).toBe(true);
	const { version } = director.scene;
	expect(director.scene).toMatchObject({
		layout: { kind: "solo" },
		lowerThird: { title: "Pia", subtitle: "" },
		titleShown: true,
	});
	expect(director.direct({})).toBe(false);
	expect(director.direct({ titleShown: true })).toBe(false);
	expect(director.scene.version).toBe(version);
	director.direct({ lowerThird: null });
	expect(director.scene).toMatchObject({ lowerThird: null, titleShown: true, version: version + 1 });
});

test("the slate follows the webinar: soon with its start, then back in a moment", () => {
	director = create(scheduled);
	const soon = { kind: "starting-soon", startsAt: Date.parse(startsAt) };
	expect(director.scene.slate).toEqual(soon);
	// A rehearsal is not seen by anyone.
	director.follow(scheduled, [pia]);
	director.follow(scheduled, []);
	expect(director.scene.slate).toEqual(soon);
	director.follow({ ...live, startsAt: "2026-12-01T11:00:00.000Z" }, []);
	expect(director.scene.slate).toEqual({ kind: "starting-soon", startsAt: Date.parse("2026-12-01T11:00:00.000Z") });
	director.follow(live, [pia]);
	director.follow(live, []);
	expect(director.directedScene).toMatchObject({
		slate: { kind: "back-in-a-moment", startsAt: null },
		slateFollows: true,
	});
});

test("the slate is a host's choice until they give it back", () => {
	director.direct({ slate: { kind: "thank-you" } });
	expect(director.directedScene).toMatchObject({ slate: { kind: "thank-you", startsAt: null }, slateFollows: false });
	director.follow(live, [pia]);
	expect(director.scene.slate.kind).toBe("thank-you");
	director.direct({ slate: { kind: "starting-soon" } });
	expect(director.scene.slate.startsAt).toBe(Date.parse(startsAt));
	director.direct({ slate: { kind: "starting-soon", startsAt: null } });
	expect(director.scene.slate.startsAt).toBeNull();
	director.direct({ slate: { kind: "back-in-a-moment", startsAt: 7 } });
	expect(director.scene.slate).toEqual({ kind: "back-in-a-moment", startsAt: 7 });
	director.direct({ slate: null });
	expect(director.directedScene).toMatchObject({
		slate: { kind: "back-in-a-moment", startsAt: null },
		slateFollows: true,
	});
});

test("a pin holds while the person is away, and only on what was pinned", () => {
	const pinned = { personId: pia.personId, source: "camera" } as const;
	director.follow(live, [pia, hedy]);
	director.direct({ layout: { kind: "speaker", pinned } });
	expect(director.scene.layout).toEqual({ kind: "speaker", pinned });
	director.follow(live, [{ ...pia, source: "screen" }, hedy]);
	expect(director.scene.layout).toEqual({ kind: "speaker", pinned: null });
	director.follow(live, [hedy, pia]);
	expect(director.scene.layout).toEqual({ kind: "speaker", pinned });
	expect(director.unpin(hedy.personId)).toBe(false);
	expect(director.unpin(pia.personId)).toBe(true);
	director.follow(live, [pia]);
	expect(director.scene.layout.pinned).toBeNull();
});

test("what was kept is taken up, and does not undo that somebody was on air", () => {
	director.follow(live, [pia]);
	const kept = { ...plainSettings, titleShown: true, layout: { kind: "solo", pinned: null } } as const;
	expect(director.restore(kept)).toBe(true);
	expect(director.scene).toMatchObject({ titleShown: true, layout: { kind: "solo" } });
	expect(director.settings.hasBeenOnAir).toBe(true);
});

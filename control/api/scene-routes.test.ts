import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { sceneSchema } from "../../core/protocol/scene.ts";
import { directedSceneSchema } from "../../core/protocol/scene-direction.ts";
import type { Invitation, Webinar } from "../../core/protocol/webinar.ts";
import { ADMIN_TOKEN, ControlBench } from "../control.test-support.ts";

let bench: ControlBench;
let webinar: Webinar;
let host: Invitation;
let presenter: Invitation;
beforeAll(async () => {
	bench = await ControlBench.start();
});
afterAll(() => bench.close());
beforeEach(async () => {
	webinar = await bench.liveWebinar("Scene test");
	host = await bench.invite(webinar.id, "host", "Hedy");
	presenter = await bench.invite(webinar.id, "presenter", "Pia");
});

const path = () => `/api/webinars/${webinar.id}/scene`;
const patch = (body: unknown, token = host.token) => bench.request("PATCH", path(), { token, body });
const publish = () =>
	bench.bus.publish("publisher-present", {
		webinarId: webinar.id,
		personId: presenter.person.personId,
		source: "camera",
		audio: true,
		video: true,
	});
const asked = () => bench.programmes.findLast((programme) => programme?.scene.webinarId === webinar.id);

test("what the host wants is answered, told to every host, and asked of the transcoder", async () => {
	const coHost = await bench.connect(webinar.id, (await bench.invite(webinar.id, "host", "Cora")).token);
	const watcher = await bench.connect(webinar.id, (await bench.invite(webinar.id, "attendee")).token);
	expect(coHost.welcome.scene).toEqual((await bench.request("GET", path(), { token: host.token })).body);
	expect(watcher.welcome.scene).toBeUndefined();
	const wish = {
		layout: { kind: "speaker", pinned: null },
		lowerThird: { title: "  张伟 🎬 ", subtitle: "" },
		titleShown: true,
		slate: { kind: "thank-you" },
	};
	const { status, body } = await patch(wish);
	expect(status).toBe(200);
	expect(directedSceneSchema.parse(body)).toEqual(body);
	expect(body).toMatchObject({
		...wish,
		lowerThird: { title: "张伟 🎬", subtitle: "" },
		slate: { kind: "thank-you", startsAt: null },
		slateFollows: false,
	});
	expect((await coHost.next("scene", ({ scene }) => scene.version === body.version)).scene).toEqual(body);
	expect(asked()).toEqual({ desired: "live", scene: sceneSchema.parse(body) });
	expect((await watcher.rest()).filter(({ type }) => type === "scene")).toEqual([]);
	expect((await patch({ lowerThird: null, slate: null })).body).toMatchObject({
		layout: { kind: "speaker" },
		lowerThird: null,
		slate: { kind: "starting-soon" },
		slateFollows: true,
	});
});

test("who is on stage can be pinned, and nobody else", async () => {
	const events = await bench.connect(webinar.id, host.token);
	const pinned = { personId: presenter.person.personId, source: "camera" };
	const pin = (source: string) => patch({ layout: { kind: "solo", pinned: { ...pinned, source } } });
	const refusal = { status: 409, type: expect.stringContaining("problem+json"), body: { code: "not-on-stage" } };
	expect(await pin("camera")).toMatchObject(refusal);
	publish();
	await events.next("stage", ({ stage }) => stage.people.length === 1);
	expect(await pin("screen")).toMatchObject(refusal);
	expect(await pin("camera")).toMatchObject({ status: 200, body: { layout: { kind: "solo", pinned } } });
	expect(asked()?.scene.layout).toEqual({ kind: "solo", pinned });
	await bench.request("DELETE", `/api/webinars/${webinar.id}/stage/${pinned.personId}`, { token: host.token });
	publish();
	await events.next("scene", ({ scene }) => scene.people.length === 1 && scene.layout.pinned === null);
});

test("a webinar that has not begun is directed ahead, one that has ended no more", async () => {
	webinar = await bench.createWebinar();
	host = await bench.invite(webinar.id, "host");
	expect(await patch({ layout: { kind: "side-by-side", pinned: null } })).toMatchObject({ status: 200 });
	expect(asked()).toBeUndefined();
	await bench.request("POST", `/api/webinars/${webinar.id}/start`, { token: host.token });
	expect(asked()).toMatchObject({ desired: "live", scene: { layout: { kind: "side-by-side" } } });
	await bench.request("POST", `/api/webinars/${webinar.id}/end`, { token: host.token });
	expect(await patch({ titleShown: true })).toMatchObject({ status: 409, body: { code: "webinar-ended" } });
});

test("a programme that is looked at before it is live is asked for as a preview", async () => {
	webinar = await bench.createWebinar();
	host = await bench.invite(webinar.id, "host");
	const events = await bench.connect(webinar.id, host.token);
	bench.bus.retain("programme-watched", webinar.id, { watching: true });
	await events.rest();
	expect(asked()?.desired).toBe("preview");
	await patch({ titleShown: true });
	expect(asked()).toMatchObject({ desired: "preview", scene: { titleShown: true } });
	bench.bus.retain("programme-watched", webinar.id, null);
	await events.rest();
	expect(bench.programmes.at(-1)).toBeNull();
	bench.bus.retain("programme-watched", webinar.id, { watching: true });
	await bench.request("POST", `/api/webinars/${webinar.id}/start`, { token: host.token });
	expect(asked()?.desired).toBe("live");
});

test("a page says that its camera is off, and everybody sees the initials", async () => {
	const events = await bench.connect(webinar.id, host.token);
	const page = await bench.connect(webinar.id, presenter.token);
	const watcher = await bench.connect(webinar.id, (await bench.invite(webinar.id, "attendee")).token);
	publish();
	await events.next("stage", ({ stage }) => stage.people[0]?.video === true);
	page.say({ type: "camera", on: false });
	await events.next("stage", ({ stage }) => stage.people[0]?.video === false);
	await watcher.next("stage", ({ stage }) => stage.people[0]?.video === false);
	expect(asked()?.scene.people).toMatchObject([{ name: "Pia", video: false }]);
	page.say({ type: "camera", on: true });
	await events.next("scene", ({ scene }) => scene.people[0]?.video === true);
	// Nobody of the audience has a camera on stage.
	watcher.say({ type: "camera", on: false });
	expect((await watcher.rest()).every(({ type }) => type === "stage")).toBe(true);
	page.say({ type: "camera" });
	expect(await page.closed).toBe(1008);
});

test("only hosts direct", async () => {
	expect((await patch({ titleShown: true }, presenter.token)).status).toBe(403);
	expect((await patch({ titleShown: true }, ADMIN_TOKEN)).status).toBe(200);
});

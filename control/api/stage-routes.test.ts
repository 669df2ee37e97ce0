import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Invitation, Webinar } from "../../core/protocol/webinar.ts";
import { ADMIN_TOKEN, ControlBench, type EventsClient } from "../control.test-support.ts";

let bench: ControlBench;
let webinar: Webinar;
let host: Invitation;
let presenter: Invitation;
let attendee: Invitation;
beforeAll(async () => {
	bench = await ControlBench.start();
});
afterAll(() => bench.close());
beforeEach(async () => {
	webinar = await bench.liveWebinar("Stage test");
	host = await bench.invite(webinar.id, "host", "Hedy");
	presenter = await bench.invite(webinar.id, "presenter", "Pia", "Head of Research");
	attendee = (await bench.request("POST", `/api/webinars/${webinar.id}/audience`, { body: { name: "Ann" } })).body;
});

const publish = ({ person: { personId } }: Invitation, media = { audio: true, video: true }) =>
	bench.bus.publish("publisher-present", { webinarId: webinar.id, personId, source: "camera", ...media });
const unpublish = ({ person: { personId } }: Invitation) =>
	bench.bus.publish("publisher-gone", { webinarId: webinar.id, personId, source: "camera" });
const stagePath = (invitation?: Invitation) =>
	`/api/webinars/${webinar.id}/stage${invitation ? `/${invitation.person.personId}` : ""}`;
const asHost = (method: string, path: string, body?: unknown) =>
	bench.request(method, path, { token: host.token, ...(body === undefined ? {} : { body }) });
const admit = (token: string) => bench.control.admit(token, webinar.id, "publish");
const forbidden = expect.objectContaining({ code: "forbidden" });

describe("a presenter who publishes", () => {
	test("is on stage, in the scene and in the programme asked for", async () => {
		const events = await bench.connect(webinar.id, host.token);
		publish(presenter);
		const { stage } = await events.next("stage");
		const onStage = { ...presenter.person, onAir: true, audio: true, video: true, screen: false };
		expect(stage).toEqual({ people: [onStage] });
		expect((await asHost("GET", stagePath())).body).toEqual({ people: [onStage] });
		const { body: scene } = await asHost("GET", `/api/webinars/${webinar.id}/scene`);
		expect(scene).toMatchObject({ webinarId: webinar.id, title: "Stage test" });
		expect(scene.people).toEqual([
			{ personId: presenter.person.personId, source: "camera", name: "Pia", title: "Head of Research", video: true },
		]);
		const { slateFollows, ...asked } = scene;
		expect(slateFollows).toBe(true);
		expect(bench.programmes.at(-1)).toEqual({ desired: "live", scene: asked });

		unpublish(presenter);
		await events.next("stage", ({ stage }) => stage.people.length === 0);
		const { body: emptied } = await asHost("GET", `/api/webinars/${webinar.id}/scene`);
		expect(emptied.people).toEqual([]);
		expect(emptied.version).toBeGreaterThan(scene.version);
	});

	test("is held backstage by the host, and brought on air", async () => {
		const events = await bench.connect(webinar.id, host.token);
		const watcher = await bench.connect(webinar.id, attendee.token);
		publish(presenter);
		await events.next("stage");
		expect(await asHost("PATCH", stagePath(presenter), { onAir: false })).toMatchObject({
			status: 200,
			body: { name: "Pia", onAir: false },
		});
		await events.next("stage", ({ stage }) => stage.people[0]?.onAir === false);
		await watcher.next("stage", ({ stage }) => stage.people.length === 0);
		expect(bench.programmes.at(-1)?.scene.people).toEqual([]);
		await asHost("PATCH", stagePath(presenter), { onAir: true });
		await watcher.next("stage", ({ stage }) => stage.people.length === 1);
		expect(bench.programmes.at(-1)?.scene.people).toHaveLength(1);
	});

	test("is taken off by the host, keeps the right to publish, and comes again", async () => {
		const events = await bench.connect(webinar.id, host.token);
		publish(presenter);
		await events.next("stage");
		expect((await asHost("DELETE", stagePath(presenter))).status).toBe(204);
		await events.next("stage", ({ stage }) => stage.people.length === 0);
		expect(bench.removed.at(-1)).toEqual({ webinarId: webinar.id, personId: presenter.person.personId });
		expect(await admit(presenter.token)).toEqual(presenter.person);
		publish(presenter);
		await events.next("stage", ({ stage }) => stage.people.length === 1);
	});

	test("rehearses before the start, and is in the first scene", async () => {
		webinar = await bench.createWebinar();
		host = await bench.invite(webinar.id, "host");
		presenter = await bench.invite(webinar.id, "presenter");
		const events = await bench.connect(webinar.id, host.token);
		publish(presenter);
		await events.next("stage");
		expect(bench.programmes.some((programme) => programme?.scene.webinarId === webinar.id)).toBe(false);
		await asHost("POST", `/api/webinars/${webinar.id}/start`);
		expect(bench.programmes.at(-1)).toMatchObject({ desired: "live", scene: { people: [{ name: "presenter" }] } });
	});
});

describe("a publisher nobody knows", () => {
	test("is removed", async () => {
		const events = await bench.connect(webinar.id, host.token);
		const personId = "p-strangerxxxx";
		bench.bus.publish("publisher-present", {
			webinarId: webinar.id,
			personId,
			source: "camera",
			audio: true,
			video: true,
		});
		publish(presenter);
		const { stage } = await events.next("stage");
		expect(stage.people.map(({ name }) => name)).toEqual(["Pia"]);
		expect(bench.removed).toContainEqual({ webinarId: webinar.id, personId });
	});
});

describe("a promotion", () => {
	async function offered(): Promise<{ events: EventsClient; watcher: EventsClient; token: string }> {
		const events = await bench.connect(webinar.id, host.token);
		const watcher = await bench.connect(webinar.id, attendee.token);
		watcher.say({ type: "hand", raised: true });
		expect((await watcher.next("promotion")).promotion).toEqual({ state: "raised" });
		const { hands } = await events.next("hands");
		expect(hands).toMatchObject([{ personId: attendee.person.personId, name: "Ann", offered: false }]);
		const accepted = await asHost("POST", stagePath(attendee));
		expect(accepted).toMatchObject({ status: 200, body: { name: "Ann", offered: true } });
		const { promotion } = await watcher.next("promotion");
		if (promotion.state !== "offered") throw new Error(`the promotion is ${promotion.state}`);
		return { events, watcher, token: promotion.token };
	}
	async function onStage() {
		const parts = await offered();
		publish(attendee);
		await parts.watcher.next("promotion", ({ promotion }) => promotion.state === "on-stage");
		return parts;
	}

	test("takes an attendee on stage under their own id, and the host sends them back", async () => {
		const { events, watcher, token } = await offered();
		await expect(admit(attendee.token)).rejects.toEqual(forbidden);
		expect(await admit(token)).toEqual({ ...attendee.person, role: "presenter" });
		publish(attendee);
		const { promotion } = await watcher.next("promotion");
		expect(promotion).toEqual({ state: "on-stage", token });
		const { stage } = await watcher.next("stage");
		expect(stage.people).toMatchObject([{ personId: attendee.person.personId, role: "attendee", onAir: true }]);
		await events.next("hands", ({ hands }) => hands.length === 0);
		expect(bench.programmes.at(-1)?.scene.people).toEqual([
			{ personId: attendee.person.personId, source: "camera", name: "Ann", title: "", video: true },
		]);
		expect((await bench.request("GET", stagePath(), { token })).status).toBe(200);

		expect((await asHost("DELETE", stagePath(attendee))).status).toBe(204);
		expect((await watcher.next("promotion")).promotion).toEqual({ state: "none" });
		expect(bench.removed.at(-1)).toEqual({ webinarId: webinar.id, personId: attendee.person.personId });
		expect(bench.programmes.at(-1)?.scene.people).toEqual([]);
		await expect(admit(token)).rejects.toEqual(forbidden);
		expect(await bench.request("GET", stagePath(), { token })).toMatchObject({ status: 403 });
	});

	test("is ended by the guest", async () => {
		const { watcher, token } = await onStage();
		watcher.say({ type: "leave-stage" });
		expect((await watcher.next("promotion")).promotion).toEqual({ state: "none" });
		await expect(admit(token)).rejects.toEqual(forbidden);
		watcher.say({ type: "hand", raised: true });
		expect((await watcher.next("promotion")).promotion).toEqual({ state: "raised" });
	});

	test("is declined by lowering the hand", async () => {
		const { events, watcher, token } = await offered();
		watcher.say({ type: "hand", raised: false });
		expect((await watcher.next("promotion")).promotion).toEqual({ state: "none" });
		await events.next("hands", ({ hands }) => hands.length === 0);
		await expect(admit(token)).rejects.toEqual(forbidden);
	});

	test("lasts through a broken connection, and is told again on the next", async () => {
		const { watcher, token } = await onStage();
		watcher.close();
		unpublish(attendee);
		await watcher.closed;
		const again = await bench.connect(webinar.id, attendee.token);
		expect(again.welcome.promotion).toEqual({ state: "on-stage", token });
		expect(await admit(token)).toMatchObject({ name: "Ann" });
	});

	test("ends when the guest stays away", async () => {
		const { watcher, token } = await onStage();
		unpublish(attendee);
		await watcher.next("stage", ({ stage }) => stage.people.length === 0);
		bench.clock.advance(60_000);
		expect((await watcher.next("promotion")).promotion).toEqual({ state: "none" });
		await expect(admit(token)).rejects.toEqual(forbidden);
	});

	test("ends with the webinar", async () => {
		const { watcher, token } = await onStage();
		await asHost("POST", `/api/webinars/${webinar.id}/end`);
		expect((await watcher.next("webinar")).webinar.state).toBe("ended");
		expect((await watcher.next("promotion", ({ promotion }) => promotion.state === "none")).promotion.state).toBe(
			"none",
		);
		await expect(admit(token)).rejects.toEqual(expect.objectContaining({ code: "webinar-ended" }));
		expect(bench.closed.at(-1)).toEqual({ webinarId: webinar.id });
		expect(bench.programmes.at(-1)?.desired).toBe("ended");
	});

	test("is for raised hands only", async () => {
		expect(await asHost("POST", stagePath(attendee))).toMatchObject({ status: 409, body: { code: "hand-not-raised" } });
		const stranger = `${stagePath()}/p-strangerxxxx`;
		expect(await asHost("POST", stranger)).toMatchObject({ status: 404, body: { code: "person-unknown" } });
	});

	test("accepted twice gives one token", async () => {
		const { watcher, token } = await offered();
		expect((await asHost("POST", stagePath(attendee))).status).toBe(200);
		expect((await watcher.rest()).filter(({ type }) => type === "promotion")).toEqual([]);
		expect(await admit(token)).toMatchObject({ name: "Ann" });
	});
});

test("who may do what on stage", async () => {
	const { id } = webinar;
	const seen = async (method: string, path: string, token: string, body?: unknown) =>
		(await bench.request(method, path, { token, ...(body === undefined ? {} : { body }) })).status;
	expect(await seen("GET", stagePath(), ADMIN_TOKEN)).toBe(200);
	expect(await seen("GET", stagePath(), presenter.token)).toBe(200);
	expect(await seen("GET", stagePath(), attendee.token)).toBe(403);
	expect(await seen("GET", `/api/webinars/${id}/scene`, presenter.token)).toBe(403);
	expect(await seen("PATCH", stagePath(presenter), presenter.token, { onAir: true })).toBe(403);
	expect(await seen("POST", stagePath(attendee), presenter.token)).toBe(403);
	expect(await seen("DELETE", stagePath(presenter), attendee.token)).toBe(403);
	expect(await asHost("PATCH", stagePath(presenter), { onAir: true })).toMatchObject({
		body: { code: "person-unknown" },
	});
	expect(await asHost("DELETE", stagePath(presenter))).toMatchObject({ status: 404, body: { code: "person-unknown" } });
});

test("hosts and presenters are admitted to publish, until the webinar has ended", async () => {
	expect(await admit(host.token)).toEqual(host.person);
	expect(await bench.control.admit(presenter.token, webinar.id, "subscribe")).toEqual(presenter.person);
	const other = await bench.createWebinar();
	await expect(bench.control.admit(presenter.token, other.id, "publish")).rejects.toEqual(forbidden);
	await expect(bench.control.admit(undefined, webinar.id, "publish")).rejects.toMatchObject({ code: "token-missing" });
	await asHost("POST", `/api/webinars/${webinar.id}/end`);
	await expect(admit(presenter.token)).rejects.toMatchObject({ code: "webinar-ended" });
	await bench.request("DELETE", `/api/webinars/${webinar.id}`, { token: ADMIN_TOKEN });
	await expect(admit(presenter.token)).rejects.toMatchObject({ code: "webinar-unknown" });
});

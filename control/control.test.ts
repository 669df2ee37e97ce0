import { expect, test } from "vitest";
import { ADMIN_TOKEN, ControlBench } from "./control.test-support.ts";

test("a restarted server goes on: webinars, people, and the programmes of those that are live", async () => {
	const before = await ControlBench.start();
	const scheduled = await before.createWebinar("Scheduled");
	const live = await before.liveWebinar("Live");
	const ended = await before.liveWebinar("Ended");
	await before.request("POST", `/api/webinars/${ended.id}/end`, { token: ADMIN_TOKEN });
	const presenter = await before.invite(live.id, "presenter", "Pia");
	const direction = { layout: { kind: "speaker", pinned: null }, titleShown: true, slate: { kind: "thank-you" } };
	await before.request("PATCH", `/api/webinars/${live.id}/scene`, { token: ADMIN_TOKEN, body: direction });
	const colours = { background: "#102030", accent: "#405060" };
	await before.request("PUT", `/api/webinars/${live.id}/brand`, { token: ADMIN_TOKEN, body: colours });
	const output = { name: "Channel", url: "rtmp://host/app/key" };
	await before.request("POST", `/api/webinars/${live.id}/outputs`, { token: ADMIN_TOKEN, body: output });
	const version = before.programmes.find((programme) => programme?.scene.webinarId === live.id)?.scene.version ?? 0;
	await before.close({ keepData: true });

	const after = await ControlBench.start({ dataDir: before.dataDir });
	const states = (await after.request("GET", "/api/webinars", { token: ADMIN_TOKEN })).body.items;
	expect(states).toMatchObject([
		{ id: ended.id, state: "ended" },
		{ id: live.id, state: "live" },
		{ id: scheduled.id, state: "scheduled" },
	]);
	expect(after.programmes).toMatchObject([
		{
			desired: "live",
			scene: {
				webinarId: live.id,
				title: "Live",
				people: [],
				...direction,
				slate: { kind: "thank-you", startsAt: null },
			},
		},
	]);
	expect(after.programmes[0]?.scene.version).toBeGreaterThan(version);

	const retained: unknown[] = [];
	after.bus.watch("brand", (webinarId, brand) => retained.push([webinarId, brand?.background]));
	after.bus.watch("outputs", (webinarId, outputs) => retained.push([webinarId, outputs?.map(({ url }) => url)]));
	await new Promise((resolve) => setImmediate(resolve));
	expect(retained).toEqual([
		[live.id, colours.background],
		[live.id, [output.url]],
	]);

	expect(await after.control.admit(presenter.token, live.id, "publish")).toEqual(presenter.person);
	const events = await after.connect(live.id, presenter.token);
	const { personId } = presenter.person;
	after.bus.publish("publisher-present", { webinarId: live.id, personId, source: "camera", audio: true, video: false });
	expect((await events.next("stage")).stage.people).toMatchObject([{ name: "Pia", onAir: true, video: false }]);
	expect(after.programmes.at(-1)?.scene.people).toEqual([
		{ personId, source: "camera", name: "Pia", title: "", video: false },
	]);

	await after.close();
	expect(await events.closed).toBe(1001);
});

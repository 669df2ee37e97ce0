import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { RetainedTopics } from "../../core/protocol/bus-topics.ts";
import type { Invitation, Webinar } from "../../core/protocol/webinar.ts";
import { ControlBench } from "../control.test-support.ts";

const SECRET = "live_1234_S3cr3tKey";
const url = `rtmps://user:${SECRET}@a.rtmp.example.com:443/app/${SECRET}?key=${SECRET}`;

let bench: ControlBench;
let webinar: Webinar;
let host: Invitation;
let told: RetainedTopics["outputs"] | null | undefined;
beforeAll(async () => {
	bench = await ControlBench.start();
	bench.bus.watch("outputs", (webinarId, outputs) => {
		if (webinarId === webinar?.id) told = outputs;
	});
});
afterAll(() => bench.close());
beforeEach(async () => {
	told = undefined;
	webinar = await bench.createWebinar("Output test");
	host = await bench.invite(webinar.id, "host", "Hedy");
});

const asHost = (method: string, rest = "", body?: unknown) =>
	bench.request(method, `/api/webinars/${webinar.id}/outputs${rest}`, {
		token: host.token,
		...(body === undefined ? {} : { body }),
	});
const step = (name: string) => bench.request("POST", `/api/webinars/${webinar.id}/${name}`, { token: host.token });

test("an output is kept without its secret being told or logged, and sent to while the webinar is live", async () => {
	const added = await asHost("POST", "", { name: "Channel", url });
	const output = {
		id: added.body.id,
		name: "Channel",
		server: "rtmps://a.rtmp.example.com:443",
		state: "idle",
		reason: null,
	};
	expect(added).toMatchObject({ status: 201, body: output });
	expect((await asHost("GET")).body).toEqual({ items: [output] });
	expect(told).toBeUndefined();
	await step("start");
	const events = await bench.connect(webinar.id, host.token);
	expect(events.outputs).toEqual([output]);
	expect(told).toEqual([{ id: output.id, url }]);
	await step("end");
	expect(told).toBeNull();
	expect((await asHost("DELETE", `/${output.id}`)).status).toBe(204);
	expect((await asHost("GET")).body).toEqual({ items: [] });
	expect(bench.logLines.join("")).not.toContain(SECRET);
	expect(bench.logLines.join("")).toContain("an output was added");
});

test("hosts hear how each output goes, and nobody else does", async () => {
	await step("start");
	const events = await bench.connect(webinar.id, host.token);
	const presenter = await bench.connect(webinar.id, (await bench.invite(webinar.id, "presenter")).token);
	const { id } = (await asHost("POST", "", { name: "One", url: "srt://10.0.0.1:9000?streamid=x" })).body;
	expect((await events.next("outputs", ({ outputs }) => outputs.length === 1)).outputs).toMatchObject([
		{ id, server: "srt://10.0.0.1:9000", state: "idle" },
	]);
	const { id: webinarId } = webinar;
	bench.bus.publish("output-state", { webinarId, id, state: "failed", reason: "The server refused the key" });
	await events.next("outputs", ({ outputs }) => outputs[0]?.reason === "The server refused the key");
	bench.bus.publish("output-state", { webinarId, id, state: "live" });
	const { outputs } = await events.next("outputs", ({ outputs }) => outputs[0]?.state === "live");
	expect(outputs[0]?.reason).toBeNull();
	expect((await asHost("GET")).body.items).toEqual(outputs);
	await asHost("DELETE", `/${id}`);
	await events.next("outputs", ({ outputs }) => outputs.length === 0);
	expect(told).toBeNull();
	expect((await presenter.rest()).filter(({ type }) => type === "outputs")).toEqual([]);
});

test("there are four at most, also when they come at once", async () => {
	const answers = await Promise.all(
		Array.from({ length: 6 }, (_, index) =>
			asHost("POST", "", { name: `Output ${index}`, url: `rtmp://host${index}/app/key` }),
		),
	);
	expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 201, 409, 409]);
	expect(answers.find(({ status }) => status === 409)?.body.code).toBe("too-many-outputs");
	expect((await asHost("GET")).body.items).toHaveLength(4);
});

test.each([
	"http://example.com/live",
	"file:///etc/passwd",
	"rtmp://",
	"rtmp:///app/key",
	"rtmp:host/app",
	"-f null rtmp://host/app",
	"rtmp://host/app playpath=x",
	"rtmp://host/app\nsrt://other",
	"rtmp://ho st/app",
	`rtmp://host/${"x".repeat(1000)}`,
	"",
])("an address that is none is refused without being repeated: %s", async (bad) => {
	const answer = await asHost("POST", "", { name: "Bad", url: bad });
	expect(answer).toMatchObject({ status: 400, body: { code: "invalid-body" } });
	expect(answer.body.detail).not.toMatch(/passwd|host\b|playpath|example/);
});

test("an unknown output cannot be removed, an ended webinar gets none, and a presenter sees none", async () => {
	expect(await asHost("DELETE", "/zzzzzzzzzzzz")).toMatchObject({ status: 404, body: { code: "output-unknown" } });
	const presenter = await bench.invite(webinar.id, "presenter");
	const path = `/api/webinars/${webinar.id}/outputs`;
	expect((await bench.request("GET", path, { token: presenter.token })).status).toBe(403);
	await step("start");
	await step("end");
	expect(await asHost("POST", "", { name: "Late", url })).toMatchObject({ body: { code: "webinar-ended" } });
});

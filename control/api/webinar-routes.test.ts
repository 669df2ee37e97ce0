import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clockSchema } from "../../core/protocol/clock.ts";
import { webinarSchema } from "../../core/protocol/webinar.ts";
import { ADMIN_TOKEN, ControlBench } from "../control.test-support.ts";

let bench: ControlBench;
beforeAll(async () => {
	bench = await ControlBench.start();
});
afterAll(() => bench.close());

const admin = { token: ADMIN_TOKEN };

test("a webinar is created, read by anyone, changed and deleted", async () => {
	const body = { title: "  Launch  ", startsAt: "2026-12-01T10:00:00+01:00" };
	const created = await bench.request("POST", "/api/webinars", { ...admin, body });
	expect(created.status).toBe(201);
	const { id, links } = webinarSchema.parse(created.body);
	expect(created.body).toMatchObject({ title: "Launch", state: "scheduled", startsAt: "2026-12-01T09:00:00.000Z" });
	expect(links).toEqual({
		host: `${bench.url}/host/${id}`,
		stage: `${bench.url}/stage/${id}`,
		watch: `${bench.url}/watch/${id}`,
		embed: `${bench.url}/embed/${id}`,
	});

	const read = await bench.request("GET", `/api/webinars/${id}`);
	expect([read.status, read.type, read.body]).toEqual([200, "application/json; charset=utf-8", created.body]);

	const patched = await bench.request("PATCH", `/api/webinars/${id}`, { ...admin, body: { title: "Later" } });
	expect(patched.body).toEqual({ ...created.body, title: "Later" });

	expect(await bench.request("DELETE", `/api/webinars/${id}`, admin)).toMatchObject({ status: 204, body: "" });
	expect(await bench.request("GET", `/api/webinars/${id}`)).toMatchObject({
		status: 404,
		body: { code: "webinar-unknown" },
	});
});

test("a host runs their own webinar and no other", async () => {
	const { id } = await bench.createWebinar();
	const other = await bench.createWebinar();
	const { token } = await bench.invite(id, "host");
	const as = (method: string, path: string, body?: unknown) =>
		bench.request(method, `/api/webinars/${path}`, { token, ...(body === undefined ? {} : { body }) });

	expect(await as("PATCH", id, { title: "Mine" })).toMatchObject({ status: 200, body: { title: "Mine" } });
	expect(await as("POST", `${id}/end`)).toMatchObject({ status: 409, body: { code: "webinar-not-live" } });
	expect(await as("POST", `${id}/start`)).toMatchObject({ status: 200, body: { state: "live" } });
	expect(await as("POST", `${id}/start`)).toMatchObject({ status: 409, body: { code: "webinar-live" } });
	expect(await as("DELETE", id)).toMatchObject({ status: 409, body: { code: "webinar-live" } });
	expect(await as("POST", `${id}/end`)).toMatchObject({ status: 200, body: { state: "ended" } });
	expect(await as("POST", `${id}/start`)).toMatchObject({ status: 409, body: { code: "webinar-ended" } });

	const forbidden = { status: 403, body: { code: "forbidden" } };
	expect(await as("PATCH", other.id, { title: "Mine" })).toMatchObject(forbidden);
	expect(await as("POST", `${other.id}/start`)).toMatchObject(forbidden);
	expect(await as("DELETE", other.id)).toMatchObject(forbidden);
	expect(await bench.request("POST", "/api/webinars", { token, body: { title: "New" } })).toMatchObject(forbidden);
	expect(await bench.request("GET", "/api/webinars", { token })).toMatchObject(forbidden);

	expect(await as("DELETE", id)).toMatchObject({ status: 204 });
	expect(await as("DELETE", id)).toMatchObject({ status: 404, body: { code: "webinar-unknown" } });
});

test("two starts at once: one is live, one is told so", async () => {
	const { id } = await bench.createWebinar();
	const answers = await Promise.all([1, 2, 3].map(() => bench.request("POST", `/api/webinars/${id}/start`, admin)));
	expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
});

describe("the list", () => {
	test("comes in pages", async () => {
		const ids = [(await bench.createWebinar()).id, (await bench.createWebinar()).id, (await bench.createWebinar()).id];
		const first = await bench.request("GET", "/api/webinars?limit=2", admin);
		expect(first.body.items).toHaveLength(2);
		const second = await bench.request(
			"GET",
			`/api/webinars?limit=2&next=${encodeURIComponent(first.body.next)}`,
			admin,
		);
		const listed = [...first.body.items, ...second.body.items].map(({ id }: { id: string }) => id);
		expect(new Set(listed).size).toBe(listed.length);
		expect(listed).toEqual(expect.arrayContaining(ids));
	});

	test.each(["limit=0", "limit=101", "limit=x", "next=x", "next="])("refuses ?%s", async (query) => {
		const answer = await bench.request("GET", `/api/webinars?${query}`, admin);
		expect([answer.status, answer.body.code]).toEqual([400, "invalid-parameter"]);
		expect(answer.type).toContain("application/problem+json");
	});
});

test("anyone reads the server's clock, and no cache keeps what it says", async () => {
	const answer = await fetch(`${bench.url}/api/clock`);
	const { now } = clockSchema.parse(await answer.json());
	expect(Math.abs(now - bench.clock.now())).toBeLessThan(10_000);
	expect(answer.headers.get("cache-control")).toBe("no-store");
});

test("the API describes itself, every route with its problems", async () => {
	const { status, body } = await bench.request("GET", "/api/docs/json");
	expect(status).toBe(200);
	expect(body.openapi).toBe("3.1.0");
	expect(Object.keys(body.paths).sort()).toEqual([
		"/api/clock",
		"/api/webinars",
		"/api/webinars/{id}",
		"/api/webinars/{id}/audience",
		"/api/webinars/{id}/brand",
		"/api/webinars/{id}/brand/background-image",
		"/api/webinars/{id}/brand/logo",
		"/api/webinars/{id}/end",
		"/api/webinars/{id}/events",
		"/api/webinars/{id}/invitations",
		"/api/webinars/{id}/outputs",
		"/api/webinars/{id}/outputs/{outputId}",
		"/api/webinars/{id}/playback",
		"/api/webinars/{id}/playback-address",
		"/api/webinars/{id}/programme-log",
		"/api/webinars/{id}/scene",
		"/api/webinars/{id}/stage",
		"/api/webinars/{id}/stage/{personId}",
		"/api/webinars/{id}/start",
	]);
	for (const path of Object.values<Record<string, { responses: Record<string, unknown>; summary: string }>>(
		body.paths,
	)) {
		for (const operation of Object.values(path)) {
			expect(operation.summary).not.toBe("");
			expect(operation.responses).toHaveProperty(["4XX", "content", "application/problem+json"]);
		}
	}
	const page = await bench.request("GET", "/api/docs/");
	expect([page.status, page.body]).toEqual([200, expect.stringContaining("swagger")]);
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Webinar } from "../../core/protocol/webinar.ts";
import { createTokens } from "../../core/runtime/tokens.ts";
import { ADMIN_TOKEN, type Answer, ControlBench } from "../control.test-support.ts";

let bench: ControlBench;
let webinar: Webinar;
beforeAll(async () => {
	bench = await ControlBench.start();
	webinar = await bench.createWebinar("Unharmed");
});
afterAll(() => bench.close());

afterEach(async () => {
	const { status, body } = await bench.request("GET", `/api/webinars/${webinar.id}`);
	expect([status, body]).toEqual([200, webinar]);
});

function expectProblem(answer: Answer, status: number, code: string): void {
	expect([answer.status, answer.body.code]).toEqual([status, code]);
	expect(answer.type).toMatch(/^application\/problem\+json/);
	expect(answer.body).toMatchObject({ type: "about:blank", title: expect.any(String), status });
	const line = JSON.parse(bench.logLines.findLast((candidate) => candidate.includes("request refused")) ?? "{}");
	expect(line).toMatchObject({ code, status, method: expect.any(String), path: expect.any(String) });
}

const create = (body: unknown, type?: string) =>
	bench.request("POST", "/api/webinars", { token: ADMIN_TOKEN, body, ...(type === undefined ? {} : { type }) });

describe("a body", () => {
	test.each([
		["nothing", ""],
		["half of an object", '{"title":"x"'],
		["no JSON", "title=x"],
		["two values", '{"title":"x"}{}'],
		["not a number", "NaN"],
		["a word", '"title"'],
		["null", "null"],
		["an array", '[{"title":"x"}]'],
		["a title of the wrong type", '{"title":{"toString":"x"}}'],
		["no title", "{}"],
		["an empty title", '{"title":" \\t\\n "}'],
		["a long title", JSON.stringify({ title: "x".repeat(201) })],
		["a title with a NUL", '{"title":"a\\u0000b"}'],
		["a title on two lines", '{"title":"a\\nb"}'],
		["what no webinar has", '{"title":"x","state":"live"}'],
		["a date nobody can read", '{"title":"x","startsAt":"tomorrow"}'],
		["a date that is none", '{"title":"x","startsAt":"2026-02-30T00:00:00Z"}'],
		["a date before all", '{"title":"x","startsAt":"0000-01-01T00:00:00+14:00"}'],
		["a prototype", '{"title":"x","__proto__":{"isAdmin":true}}'],
		["a constructor's prototype", '{"title":"x","constructor":{"prototype":{"isAdmin":true}}}'],
		["a deep nest", `{"title":${"[".repeat(30_000)}${"]".repeat(30_000)}}`],
		["a huge array", JSON.stringify({ title: Array(20_000).fill(0) })],
		["thousands of keys", JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, i])))],
	])("of %s is refused", async (_what, body) => {
		const answer = await create(body);
		expectProblem(answer, 400, "invalid-body");
		expect(JSON.stringify(answer.body).length).toBeLessThan(2000);
		expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
	});

	test("says what does not fit", async () => {
		expect((await create({ title: 7 })).body.detail).toMatch(/^title: /);
	});

	test("is refused above 64 KiB, with a length and without", async () => {
		const over = JSON.stringify({ title: "x".repeat(64 * 1024) });
		expectProblem(await create(over), 413, "body-too-large");
		const chunked = await fetch(`${bench.url}/api/webinars`, {
			method: "POST",
			headers: { "content-type": "application/json", authorization: `Bearer ${ADMIN_TOKEN}` },
			body: new Blob([over]).stream(),
			duplex: "half",
		} as RequestInit);
		const answer = { status: chunked.status, type: chunked.headers.get("content-type"), body: await chunked.json() };
		expectProblem(answer, 413, "body-too-large");
	});

	test.each([
		"text/plain",
		"application/x-www-form-urlencoded",
		"application/xml",
		"multipart/form-data; boundary=x",
		"nonsense",
	])("of type %s is refused", async (type) =>
		expectProblem(await create('{"title":"x"}', type), 415, "unsupported-media-type"),
	);

	test("in other places is looked at as closely", async () => {
		const path = `/api/webinars/${webinar.id}`;
		const admin = { token: ADMIN_TOKEN };
		const { personId } = (await bench.invite(webinar.id, "presenter")).person;
		const refused = [
			bench.request("PATCH", path, { ...admin, body: { state: "live" } }),
			bench.request("POST", `${path}/invitations`, { ...admin, body: { role: "admin", name: "x" } }),
			bench.request("POST", `${path}/invitations`, { ...admin, body: { role: "host" } }),
			bench.request("POST", `${path}/audience`, { body: { name: "x".repeat(81) } }),
			bench.request("POST", `${path}/audience`, { body: "{" }),
			bench.request("PATCH", `${path}/stage/${personId}`, { ...admin, body: { onAir: "yes" } }),
			bench.request("POST", `${path}/invitations`, {
				...admin,
				body: { role: "presenter", name: "x", title: "x".repeat(81) },
			}),
		];
		for (const answer of await Promise.all(refused)) expectProblem(answer, 400, "invalid-body");
	});
});

describe("a scene", () => {
	const pinned = { personId: "p-aaaaaaaaaaaa", source: "camera" };
	test.each([
		["no object", []],
		["no such field", { people: [] }],
		["no such layout", { layout: { kind: "mosaic", pinned: null } }],
		["half a layout", { layout: { kind: "grid" } }],
		["more than a layout", { layout: { kind: "grid", pinned: null, x: 1 } }],
		["a pin without an id", { layout: { kind: "solo", pinned: { source: "camera" } } }],
		["a pin of another kind", { layout: { kind: "solo", pinned: { ...pinned, source: "window" } } }],
		["a pin with more", { layout: { kind: "solo", pinned: { ...pinned, x: 1 } } }],
		["no words", { lowerThird: { title: "", subtitle: "x" } }],
		["too many words", { lowerThird: { title: "x".repeat(101), subtitle: "" } }],
		["two lines in one", { lowerThird: { title: "x", subtitle: "a\nb" } }],
		["a word for a switch", { titleShown: "yes" }],
		["no such slate", { slate: { kind: "lunch" } }],
		["a slate in no year", { slate: { kind: "starting-soon", startsAt: 8.64e15 + 1 } }],
		["a slate with a date in words", { slate: { kind: "starting-soon", startsAt: "2026-01-01T00:00:00Z" } }],
	])("of %s is refused", async (_what, body) => {
		const scene = `/api/webinars/${webinar.id}/scene`;
		const before = await bench.request("GET", scene, { token: ADMIN_TOKEN });
		expectProblem(await bench.request("PATCH", scene, { token: ADMIN_TOKEN, body }), 400, "invalid-body");
		expect(await bench.request("GET", scene, { token: ADMIN_TOKEN })).toEqual(before);
	});
});

describe("a brand or an output", () => {
	const colours = { background: "#102030", accent: "#405060" };
	test.each([
		["PUT", "brand", {}],
		["PUT", "brand", { ...colours, accent: "red" }],
		["PUT", "brand", { ...colours, accent: "#fff" }],
		["PUT", "brand", { ...colours, background: "#102030; }" }],
		["PUT", "brand", { ...colours, logo: null }],
		["POST", "outputs", { name: "x" }],
		["POST", "outputs", { name: "", url: "rtmp://host/app" }],
		["POST", "outputs", { name: "x".repeat(81), url: "rtmp://host/app" }],
		["POST", "outputs", { name: "x", url: "rtmp://host/app", state: "live" }],
		["POST", "outputs", { name: "x", url: ["rtmp://host/app"] }],
	])("that does not fit is refused: %s %s %j", async (method, what, body) => {
		const answer = await bench.request(method, `/api/webinars/${webinar.id}/${what}`, { token: ADMIN_TOKEN, body });
		expectProblem(answer, 400, "invalid-body");
	});
});

describe("a token", () => {
	const start = (headers: Record<string, string>) =>
		fetch(`${bench.url}/api/webinars/${webinar.id}/start`, { method: "POST", headers }).then(async (response) => {
			const answer = {
				status: response.status,
				type: response.headers.get("content-type"),
				body: await response.json(),
			};
			return { answer, challenge: response.headers.get("www-authenticate") };
		});
	const bearer = (token: string) => start({ authorization: `Bearer ${token}` });
	const grant = (expiresAt: number) => ({
		personId: "p-aaaaaaaaaaaa",
		webinarId: webinar.id,
		name: "Mallory",
		title: "",
		role: "host" as const,
		expiresAt,
	});

	test("is asked for", async () => {
		for (const headers of [
			{},
			{ authorization: "" },
			{ authorization: ADMIN_TOKEN },
			{ authorization: "Basic eDp5" },
		]) {
			const { answer, challenge } = await start(headers as Record<string, string>);
			expectProblem(answer, 401, "token-missing");
			expect(challenge).toBe("Bearer");
		}
	});

	test("that is forged is refused", async () => {
		const inAnHour = Date.now() + 3_600_000;
		const foreign = createTokens(new Uint8Array(32).fill(8), bench.clock);
		const good = (await bench.invite(webinar.id, "host")).token;
		const [head = "", payload = "", signature = ""] = good.split(".");
		const unsigned = Buffer.from('{"alg":"none"}').toString("base64url");
		const forged = [
			"x",
			`${ADMIN_TOKEN}x`,
			ADMIN_TOKEN.slice(0, -1),
			await foreign.sign(grant(inAnHour)),
			`${unsigned}.${payload}.`,
			`${unsigned}.${payload}.${signature}`,
			`${head}.${payload}.`,
			// Signed by us, for someone who was never invited.
			await bench.tokens.sign(grant(inAnHour)),
		];
		for (const token of forged) expectProblem((await bearer(token)).answer, 401, "token-invalid");
	});

	test("that has expired is refused, and said to be", async () => {
		expectProblem((await bearer(await bench.tokens.sign(grant(Date.now() - 1000)))).answer, 401, "token-expired");
	});

	test("of another webinar, or of another role, is refused", async () => {
		const other = await bench.createWebinar();
		const tokens = [
			(await bench.invite(other.id, "host")).token,
			(await bench.invite(webinar.id, "presenter")).token,
			(await bench.invite(webinar.id, "attendee")).token,
		];
		for (const token of tokens) expectProblem((await bearer(token)).answer, 403, "forbidden");
	});
});

describe("a webinar that is not there", () => {
	const bodies: Record<string, unknown> = {
		"PATCH ": { title: "x" },
		"POST /invitations": { role: "host", name: "x" },
		"POST /audience": { name: "x" },
		"PATCH /stage/p-aaaaaaaaaaaa": { onAir: true },
		"PATCH /scene": { titleShown: true },
		"PUT /brand": { background: "#102030", accent: "#405060" },
		"POST /outputs": { name: "x", url: "rtmp://host/app" },
	};
	test.each([
		"GET ",
		"PATCH ",
		"DELETE ",
		"POST /start",
		"POST /end",
		"POST /invitations",
		"POST /audience",
		"GET /stage",
		"GET /scene",
		"PATCH /scene",
		"GET /brand",
		"PUT /brand",
		"GET /brand/logo",
		"DELETE /brand/logo",
		"GET /brand/background-image",
		"DELETE /brand/background-image",
		"GET /outputs",
		"POST /outputs",
		"DELETE /outputs/zzzzzzzzzzzz",
		"POST /stage/p-aaaaaaaaaaaa",
		"PATCH /stage/p-aaaaaaaaaaaa",
		"DELETE /stage/p-aaaaaaaaaaaa",
	])("is unknown to %s", async (route) => {
		const [method = "", rest = ""] = route.split(" ");
		const request = { token: ADMIN_TOKEN, ...(bodies[route] === undefined ? {} : { body: bodies[route] }) };
		for (const id of ["zzzzzzzzzzzz", "nonsense", "..%2f..%2fetc%2fpasswd", "%00", "'; drop table webinars; --"]) {
			expectProblem(await bench.request(method, `/api/webinars/${id}${rest}`, request), 404, "webinar-unknown");
		}
	});
});

test.each(["%zz", "x".repeat(300)])("an address no router can read is refused: %s", async (id) => {
	expectProblem(await bench.request("GET", `/api/webinars/${id}`), 400, "bad-request");
});

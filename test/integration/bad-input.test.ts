import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problemSchema } from "../../core/protocol/problem.ts";
import { createTokens } from "../../core/runtime/tokens.ts";
import { deadline, eventually } from "../support/deadline.ts";
import { type RostrumServer, startRostrumServer } from "../support/rostrum-server.ts";

const UNKNOWN = "unknown00000";
const DEADLINE_MS = 20_000;

let server: RostrumServer;
let webinarId: string;
/** Every secret that was used, none of which may be found in the log. */
const secrets: string[] = [];
const tokens = { presenter: "", attendee: "", expired: "", ofUnknownWebinar: "", forged: "not.a.token" };

beforeAll(async () => {
	server = await startRostrumServer();
	webinarId = (await server.api.createWebinar("Bad input")).id;
	tokens.presenter = (await server.api.invite(webinarId, "presenter", "Ada")).token;
	tokens.attendee = (await server.api.invite(webinarId, "attendee", "Bea")).token;
	const secret = await readFile(join(server.dataDir, "token-secret"), "utf8");
	const signer = createTokens(new TextEncoder().encode(secret.trim()), { now: () => Date.now() });
	const grant = { personId: "p-000000000000", name: "Ada", title: "", role: "presenter" } as const;
	tokens.expired = await signer.sign({ ...grant, webinarId, expiresAt: Date.now() - 60_000 });
	tokens.ofUnknownWebinar = await signer.sign({ ...grant, webinarId: UNKNOWN, expiresAt: Date.now() + 60_000 });
	secrets.push(server.adminToken, secret.trim(), ...Object.values(tokens));
});

afterAll(async () => {
	await server.close();
});

interface Request {
	method?: string;
	path: () => string;
	token?: () => string;
	type?: string;
	body?: string;
}

const sdp = "application/sdp";
const json = "application/json";
const admin = () => server.adminToken;
const presenter = () => tokens.presenter;
const whip = () => `/whip/${webinarId}`;
const whep = () => `/whep/${webinarId}`;
const webinars = () => "/api/webinars";

/** What it is, the request, status and code of the answer. */
const refusals: [string, Request, number, string][] = [
	["WHIP with words for SDP", { path: whip, token: presenter, type: sdp, body: "hello" }, 400, "invalid-sdp"],
	[
		"WHIP with a cut SDP",
		{ path: whip, token: presenter, type: sdp, body: "v=0\r\no=- 1 1 IN IP4" },
		400,
		"invalid-sdp",
	],
	["WHIP with no body", { path: whip, token: presenter, type: sdp, body: "" }, 400, "invalid-sdp"],
	["WHEP with words for SDP", { path: whep, token: presenter, type: sdp, body: "hello" }, 400, "invalid-sdp"],
	["WHIP with JSON", { path: whip, token: presenter, type: json, body: "{}" }, 415, "unsupported-media-type"],
	["WHEP with JSON", { path: whep, token: presenter, type: json, body: "{}" }, 415, "unsupported-media-type"],
	["REST with SDP", { path: webinars, token: admin, type: sdp, body: "v=0" }, 415, "unsupported-media-type"],
	["WHIP without a token", { path: whip, type: sdp, body: "v=0" }, 401, "token-missing"],
	["WHEP without a token", { path: whep, type: sdp, body: "v=0" }, 401, "token-missing"],
	["REST without a token", { path: webinars, type: json, body: "{}" }, 401, "token-missing"],
	[
		"WHIP with an expired token",
		{ path: whip, token: () => tokens.expired, type: sdp, body: "v=0" },
		401,
		"token-expired",
	],
	[
		"REST with an expired token",
		{ path: () => `/api/webinars/${webinarId}/start`, token: () => tokens.expired },
		401,
		"token-expired",
	],
	[
		"WHIP with a forged token",
		{ path: whip, token: () => tokens.forged, type: sdp, body: "v=0" },
		401,
		"token-invalid",
	],
	["WHIP as an attendee", { path: whip, token: () => tokens.attendee, type: sdp, body: "v=0" }, 403, "forbidden"],
	["start as a presenter", { path: () => `/api/webinars/${webinarId}/start`, token: presenter }, 403, "forbidden"],
	["REST of an unknown webinar", { method: "GET", path: () => `/api/webinars/${UNKNOWN}` }, 404, "webinar-unknown"],
	[
		"start of an unknown webinar",
		{ path: () => `/api/webinars/${UNKNOWN}/start`, token: admin },
		404,
		"webinar-unknown",
	],
	[
		"WHIP of an unknown webinar",
		{ path: () => `/whip/${UNKNOWN}`, token: () => tokens.ofUnknownWebinar, type: sdp, body: "v=0" },
		404,
		"webinar-unknown",
	],
	["unknown API address", { method: "GET", path: () => "/api/nonsense" }, 404, "not-found"],
	["broken JSON", { path: webinars, token: admin, type: json, body: '{"title": "a' }, 400, "invalid-body"],
	["empty JSON", { path: webinars, token: admin, type: json, body: "" }, 400, "invalid-body"],
	["JSON that is no object", { path: webinars, token: admin, type: json, body: "[1, null]" }, 400, "invalid-body"],
	[
		"a title that is no text",
		{ path: webinars, token: admin, type: json, body: '{"title": {"a": 1}}' },
		400,
		"invalid-body",
	],
	[
		"a title without end",
		{ path: webinars, token: admin, type: json, body: JSON.stringify({ title: "a".repeat(300) }) },
		400,
		"invalid-body",
	],
	[
		"an unknown property",
		{ path: webinars, token: admin, type: json, body: '{"title": "a", "isAdmin": true}' },
		400,
		"invalid-body",
	],
	[
		"a poisoned prototype",
		{ path: webinars, token: admin, type: json, body: '{"title": "a", "__proto__": {"x": 1}}' },
		400,
		"invalid-body",
	],
	["absurdly deep JSON", { path: webinars, token: admin, type: json, body: "[".repeat(30_000) }, 400, "invalid-body"],
	[
		"an oversized REST body",
		{ path: webinars, token: admin, type: json, body: JSON.stringify({ title: "a".repeat(200_000) }) },
		413,
		"body-too-large",
	],
	["an oversized SDP", { path: whip, token: presenter, type: sdp, body: "a".repeat(300_000) }, 413, "body-too-large"],
];

describe("a bad request gets the right problem and one clear log line", () => {
	test.each(refusals)("%s", async (_what, { method = "POST", path, token, type, body }, status, code) => {
		const linesBefore = server.log.length;
		const answer = await fetch(server.baseUrl + path(), {
			method,
			headers: { ...(type ? { "content-type": type } : {}), ...(token ? { authorization: `Bearer ${token()}` } : {}) },
			...(body === undefined ? {} : { body }),
		});
		const text = await answer.text();
		expect({ status: answer.status, text }).toMatchObject({ status });
		expect(answer.headers.get("content-type")).toContain("application/problem+json");
		expect(problemSchema.parse(JSON.parse(text))).toMatchObject({ status, code });
		expect(answer.headers.get("www-authenticate")).toBe(status === 401 ? "Bearer" : null);

		const told = await eventually(
			() => {
				const lines = server.log.slice(linesBefore).map((line) => JSON.parse(line));
				return lines.some((line) => line.code === code) && lines;
			},
			DEADLINE_MS,
			() => `no log line with ${code}`,
		);
		expect(told).toHaveLength(1);
		expect(told[0]).toMatchObject({ msg: "request refused", method, path: path(), code, status });
	});
});

describe("a bad event socket is closed with the right code", () => {
	const address = (token: string) =>
		`${server.baseUrl.replace("http", "ws")}/api/webinars/${webinarId}/events?token=${token}`;

	async function closeCodeAfter(message: string | Uint8Array): Promise<number> {
		const socket = new WebSocket(address(tokens.attendee));
		const closed = Promise.withResolvers<number>();
		socket.addEventListener("message", () => socket.send(message), { once: true });
		socket.addEventListener("close", ({ code }) => closed.resolve(code));
		return await deadline(closed.promise, DEADLINE_MS, () => "the socket stays open");
	}

	test.each([
		["what is no JSON", "hello", 1007],
		["bytes", new Uint8Array([1, 2, 3]), 1007],
		["JSON of another kind", "[]", 1008],
		["an unknown type", '{"type":"shutdown"}', 1008],
		["a message with too much in it", '{"type":"ping","id":1,"admin":true}', 1008],
		["an oversized message", `{"type":"ping","id":${" ".repeat(100_000)}1}`, 1009],
	])("%s", async (_what, message, code) => {
		expect(await closeCodeAfter(message)).toBe(code);
	});

	test.each([
		["an expired token", () => tokens.expired, "token-expired"],
		["a forged token", () => tokens.forged, "token-invalid"],
	])("%s opens none", async (_what, token, code) => {
		const socket = new WebSocket(address(token()));
		const failed = Promise.withResolvers<string>();
		socket.addEventListener("error", () => failed.resolve("refused"));
		socket.addEventListener("open", () => failed.resolve("open"));
		expect(await deadline(failed.promise, DEADLINE_MS, () => "no answer")).toBe("refused");
		await eventually(
			() => server.log.some((line) => line.includes(`"${code}"`)),
			DEADLINE_MS,
			() => `no line with ${code}`,
		);
	});
});

test("the server is unharmed and has kept its secrets", async () => {
	expect((await fetch(`${server.baseUrl}/readyz`)).status).toBe(200);
	const webinar = await server.api.createWebinar("Afterwards");
	expect(webinar.title).toBe("Afterwards");
	const levels = server.log.flatMap((line) => (line.startsWith("{") ? [JSON.parse(line).level as number] : []));
	expect(levels.filter((level) => level >= 50)).toEqual([]);
	for (const secret of secrets) expect(server.log.filter((line) => line.includes(secret))).toEqual([]);
});

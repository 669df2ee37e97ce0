import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { publishOffer, subscribeOffer } from "../../ingest/test-support/offers.ts";
import { deadline } from "../support/deadline.ts";
import { type RostrumServer, startRostrumServer } from "../support/rostrum-server.ts";

const SDP = "application/sdp";
const FRAGMENT = "application/trickle-ice-sdpfrag";
const JSON_TYPE = "application/json";
const fragment =
	"a=group:BUNDLE 0 1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=ice-ufrag:ysXw\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n";

/** Lenient and strict: what is refused in one is refused in the other. */
describe.each([["false"], ["true"]])("with WHIP_STRICT=%s", (strict) => {
	let server: RostrumServer;
	const own = { id: "", presenter: "", attendee: "" };
	const other = { id: "", presenter: "", host: "" };
	/** Paths of the sessions of the presenter of `own`. */
	const sessions = { whip: "", whep: "" };

	beforeAll(async () => {
		server = await startRostrumServer({ environment: { WHIP_STRICT: strict } });
		const { api } = server;
		own.id = (await api.createWebinar("Own")).id;
		other.id = (await api.createWebinar("Other")).id;
		own.presenter = (await api.invite(own.id, "presenter", "Ada")).token;
		own.attendee = (await api.invite(own.id, "attendee", "Bea")).token;
		other.presenter = (await api.invite(other.id, "presenter", "Cleo")).token;
		other.host = (await api.invite(other.id, "host", "Dan")).token;
		sessions.whip = await open(`/whip/${own.id}`, publishOffer);
		sessions.whep = await open(`/whep/${own.id}`, subscribeOffer(2));
	});
	afterAll(() => server.close());

	function send(method: string, path: string, token?: string, body?: { type: string; text: string }) {
		const headers = {
			...(token ? { authorization: `Bearer ${token}` } : {}),
			...(body ? { "content-type": body.type, "if-match": "*" } : {}),
		};
		return fetch(server.baseUrl + path, { method, headers, ...(body ? { body: body.text } : {}) });
	}

	async function open(path: string, offer: string): Promise<string> {
		const made = await send("POST", path, own.presenter, { type: SDP, text: offer });
		expect(made.status).toBe(201);
		return new URL(made.headers.get("location") ?? "").pathname;
	}

	async function expectRefusal(answer: Response, status: number, code: string): Promise<void> {
		expect([answer.status, await answer.json()]).toMatchObject([status, { code }]);
		expect(answer.headers.get("location")).toBeNull();
	}

	const strangers: [string, () => string, number, string][] = [
		["an attendee", () => own.attendee, 403, "forbidden"],
		["a presenter of another webinar", () => other.presenter, 403, "forbidden"],
		["a host of another webinar", () => other.host, 403, "forbidden"],
		["a session's own name", () => sessions.whip.split("/").at(-1) ?? "", 401, "token-invalid"],
	];

	test.each(strangers)("%s neither publishes nor subscribes", async (_who, token, status, code) => {
		for (const [path, offer] of [
			["whip", publishOffer],
			["whep", subscribeOffer(2)],
		] as const) {
			const offered = { type: SDP, text: offer };
			await expectRefusal(await send("POST", `/${path}/${own.id}`, token(), offered), status, code);
		}
	});

	/** What can be asked of a session, as its owner would. */
	const requests: [string, string, { type: string; text: string } | undefined][] = [
		["GET", "", undefined],
		["PATCH", "", { type: FRAGMENT, text: fragment }],
		["DELETE", "", undefined],
		["POST", "/events", { type: JSON_TYPE, text: '["active"]' }],
		["POST", "/layer", { type: JSON_TYPE, text: '{"maxHeight":90}' }],
	];

	test("a session is found only under its own webinar and protocol, whoever asks", async () => {
		const name = (path: string) => path.split("/").at(-1) ?? "";
		const misplaced = [
			`/whep/${own.id}/${name(sessions.whip)}`,
			`/whip/${own.id}/${name(sessions.whep)}`,
			`/whip/${other.id}/${name(sessions.whip)}`,
			`/whep/${other.id}/${name(sessions.whep)}`,
			`/whip/${own.id}/${"A".repeat(32)}`,
		];
		for (const path of misplaced) {
			for (const [method, rest, body] of requests) {
				if (rest && path.startsWith("/whip/")) continue;
				for (const token of [other.presenter, own.presenter])
					await expectRefusal(await send(method, path + rest, token, body), 404, "session-unknown");
			}
		}
		for (const path of Object.values(sessions)) expect((await send("GET", path)).status).toBe(200);
	});

	if (strict === "true")
		test("a session's name alone gives no right to change it", async () => {
			for (const path of Object.values(sessions)) {
				for (const [method, body] of [
					["PATCH", { type: FRAGMENT, text: fragment }],
					["DELETE", undefined],
				] as const) {
					await expectRefusal(await send(method, path, undefined, body), 401, "token-missing");
					await expectRefusal(await send(method, path, other.presenter, body), 403, "forbidden");
				}
				expect((await send("GET", path)).status).toBe(200);
			}
		});

	test.each([
		["POST", "start"],
		["POST", "end"],
		["POST", "invitations"],
		["PATCH", ""],
		["DELETE", ""],
	])("a host of another webinar may not %s /%s", async (method, action) => {
		const path = `/api/webinars/${own.id}${action && `/${action}`}`;
		const text = action === "invitations" ? '{"role":"host","name":"Dan"}' : '{"title":"Taken"}';
		await expectRefusal(await send(method, path, other.host, { type: JSON_TYPE, text }), 403, "forbidden");
		expect((await server.api.read(own.id)).state).toBe("scheduled");
	});

	test("nobody of another webinar hears a webinar's events", async () => {
		for (const token of [other.presenter, other.host]) {
			const socket = new WebSocket(
				`${server.baseUrl.replace("http", "ws")}/api/webinars/${own.id}/events?token=${token}`,
			);
			const end = Promise.withResolvers<string>();
			socket.addEventListener("message", () => end.resolve("a message"));
			socket.addEventListener("error", () => end.resolve("refused"));
			expect(await deadline(end.promise, 10_000, () => "no answer")).toBe("refused");
		}
	});
});

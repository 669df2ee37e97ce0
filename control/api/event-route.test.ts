import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { serverEventSchema } from "../../core/protocol/events.ts";
import type { Invitation, Webinar } from "../../core/protocol/webinar.ts";
import { ADMIN_TOKEN, ControlBench, type EventsClient, MAX_MESSAGE_BYTES } from "../control.test-support.ts";

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
	webinar = await bench.liveWebinar();
	host = await bench.invite(webinar.id, "host", "Hedy");
	presenter = await bench.invite(webinar.id, "presenter", "Pia");
	attendee = await bench.invite(webinar.id, "attendee", "Ann");
});

const asHost = (method: string, path: string, body?: unknown) =>
	bench.request(method, `/api/webinars/${webinar.id}${path}`, {
		token: host.token,
		...(body === undefined ? {} : { body }),
	});

describe("the welcome", () => {
	test("says to a host all there is", async () => {
		const watcher = await bench.connect(webinar.id, attendee.token);
		watcher.say({ type: "hand", raised: true });
		await watcher.next("promotion");
		const { welcome } = await bench.connect(webinar.id, host.token);
		expect(serverEventSchema.parse(welcome)).toEqual(welcome);
		expect(welcome).toMatchObject({ you: host.person, webinar, stage: { people: [] }, watching: 1 });
		expect(welcome.hands).toMatchObject([{ name: "Ann" }]);
		expect(Math.abs(welcome.at - Date.now())).toBeLessThan(10_000);
	});

	test("says to the others what is theirs", async () => {
		const { welcome } = await bench.connect(webinar.id, attendee.token);
		expect(welcome).toMatchObject({ you: attendee.person, webinar, promotion: { state: "none" } });
		expect(Object.keys(welcome)).not.toEqual(expect.arrayContaining(["hands"]));
		expect(Object.keys(welcome)).not.toEqual(expect.arrayContaining(["watching"]));
		expect((await bench.connect(webinar.id, presenter.token)).welcome.hands).toBeUndefined();
	});

	test("is followed by what was said of the person's slots and of the programme before", async () => {
		const { personId } = host.person;
		// Whoever subscribes was admitted first.
		await bench.control.admit(host.token, webinar.id, "subscribe");
		bench.bus.publish("slots", {
			webinarId: webinar.id,
			personId,
			session: "s1",
			people: ["p-aaaaaaaaaaaa", null],
			sources: ["screen", null],
		});
		bench.bus.publish("programme-state", { webinarId: webinar.id, state: "running" });
		const events = await bench.connect(webinar.id, host.token);
		expect(await events.next("slots")).toMatchObject({
			session: "s1",
			people: ["p-aaaaaaaaaaaa", null],
			sources: ["screen", null],
		});
		expect(await events.next("programme")).toMatchObject({ state: "running", shedding: "none" });
	});

	test("is followed by a disk's failure for as long as there is one", async () => {
		const { id: webinarId } = webinar;
		const hostEvents = await bench.connect(webinarId, host.token);
		bench.bus.publish("archive-state", { webinarId, state: "failing", reason: "ENOSPC" });
		expect(await hostEvents.next("archive")).toMatchObject({ state: "failing", reason: "ENOSPC" });
		const later = await bench.connect(webinarId, host.token);
		expect(await later.next("archive")).toMatchObject({ state: "failing", reason: "ENOSPC" });
		bench.bus.publish("archive-state", { webinarId, state: "writing" });
		expect(await later.next("archive")).toMatchObject({ state: "writing" });
	});
});

describe("events", () => {
	test("tell everyone of the webinar, and nobody of another", async () => {
		const other = await bench.liveWebinar();
		const elsewhere = await bench.connect(other.id, (await bench.invite(other.id, "host")).token);
		const clients = await Promise.all([host, presenter, attendee].map(({ token }) => bench.connect(webinar.id, token)));
		await asHost("PATCH", "", { title: "Renamed" });
		for (const client of clients) expect((await client.next("webinar")).webinar.title).toBe("Renamed");
		await asHost("POST", "/end");
		for (const client of clients) expect((await client.next("webinar")).webinar.state).toBe("ended");
		expect(await elsewhere.rest()).toEqual([]);
	});

	test("tell of slots the one person, of the programme the hosts", async () => {
		const [hostEvents, presenterEvents, watcher] = await Promise.all([
			bench.connect(webinar.id, host.token),
			bench.connect(webinar.id, presenter.token),
			bench.connect(webinar.id, attendee.token),
		]);
		const { personId } = presenter.person;
		bench.bus.publish("slots", {
			webinarId: webinar.id,
			personId,
			session: "s2",
			people: [host.person.personId],
			sources: ["camera"],
		});
		bench.bus.publish("programme-state", { webinarId: webinar.id, state: "recovering", shedding: "quality" });
		expect(await presenterEvents.next("slots")).toMatchObject({
			session: "s2",
			people: [host.person.personId],
			sources: ["camera"],
		});
		expect(await hostEvents.next("programme")).toMatchObject({ state: "recovering", shedding: "quality" });
		const types = async (client: EventsClient) => (await client.rest()).map(({ type }) => type);
		expect(await types(presenterEvents)).toEqual([]);
		expect(await types(watcher)).toEqual([]);
	});

	test("tell of everybody's figures to hosts, to who is on stage of their own", async () => {
		const other = await bench.liveWebinar();
		const elsewhere = await bench.connect(other.id, (await bench.invite(other.id, "host")).token);
		const [hostEvents, presenterEvents, watcher] = await Promise.all([
			bench.connect(webinar.id, host.token),
			bench.connect(webinar.id, presenter.token),
			bench.connect(webinar.id, attendee.token),
		]);
		const layer = { rid: "h", height: 360, bitsPerSecond: 600_000 };
		const down = { bitsPerSecond: 1e6, estimateBitsPerSecond: 2e6, lossShare: 0.01, rttMs: 40, paused: [1] };
		const people = [
			{
				personId: presenter.person.personId,
				up: {
					bitsPerSecond: 640_000,
					lossShare: 0.02,
					rttMs: 41,
					jitterMs: 3,
					freezes: 1,
					layers: [{ source: "camera" as const, ...layer }],
				},
				down: { ...down, layers: [{ slot: 0, ...layer }] },
			},
			{ personId: host.person.personId, down: { ...down, layers: [] } },
		];
		bench.bus.publish("stage-figures", { webinarId: webinar.id, people });
		const atHost = await hostEvents.next("figures");
		expect(atHost.people).toEqual(people);
		expect(serverEventSchema.parse(atHost)).toEqual(atHost);
		expect((await presenterEvents.next("figures")).people).toEqual(people.slice(0, 1));
		bench.bus.publish("stage-figures", { webinarId: webinar.id, people: [] });
		expect((await hostEvents.next("figures")).people).toEqual([]);
		for (const client of [hostEvents, presenterEvents, watcher, elsewhere]) expect(await client.rest()).toEqual([]);
	});

	test("tell hosts how many people watch, however many pages they have open", async () => {
		const hostEvents = await bench.connect(webinar.id, host.token);
		const first = await bench.connect(webinar.id, attendee.token);
		const second = await bench.connect(webinar.id, attendee.token);
		const other = await bench.connect(webinar.id, (await bench.invite(webinar.id, "attendee")).token);
		await hostEvents.next("watching", ({ watching }) => watching === 2);
		first.close();
		other.close();
		await hostEvents.next("watching", ({ watching }) => watching === 1);
		second.close();
		await hostEvents.next("watching", ({ watching }) => watching === 0);
	});

	test("end with a deleted webinar, whose tokens open nothing any more", async () => {
		const scheduled = await bench.createWebinar();
		const { token } = await bench.invite(scheduled.id, "presenter");
		const client = await bench.connect(scheduled.id, token);
		await bench.request("DELETE", `/api/webinars/${scheduled.id}`, { token: ADMIN_TOKEN });
		expect(await client.closed).toBe(1000);
		const again = await bench.request("GET", `/api/webinars/${scheduled.id}/events?token=${token}`);
		expect(again).toMatchObject({ status: 404, body: { code: "webinar-unknown" } });
	});

	test("are open in an ended webinar, where hands stay down", async () => {
		await asHost("POST", "/end");
		const client = await bench.connect(webinar.id, attendee.token);
		expect(client.welcome.webinar.state).toBe("ended");
		client.say({ type: "hand", raised: true });
		expect(await client.rest()).toEqual([]);
	});
});

test("a ping is answered with the server's time", async () => {
	const client = await bench.connect(webinar.id, presenter.token);
	client.say({ type: "ping", id: 17 });
	const pong = await client.next("pong");
	expect(pong.id).toBe(17);
	expect(Math.abs(pong.at - Date.now())).toBeLessThan(10_000);
});

test("a hand is remembered while its owner reconnects, and forgotten after a minute", async () => {
	const hostEvents = await bench.connect(webinar.id, host.token);
	const first = await bench.connect(webinar.id, attendee.token);
	first.say({ type: "hand", raised: true });
	await first.next("promotion");
	first.close();
	await first.closed;
	const again = await bench.connect(webinar.id, attendee.token);
	expect(again.welcome.promotion).toEqual({ state: "raised" });
	await hostEvents.next("watching", ({ watching }) => watching === 1);
	again.close();
	// The count says that the close has reached the server.
	await hostEvents.next("watching", ({ watching }) => watching === 0);
	bench.clock.advance(60_000);
	await hostEvents.next("hands", ({ hands }) => hands.length === 0);
});

describe("a bad message", () => {
	test.each<[string, string | Uint8Array, number]>([
		["no JSON", "hello", 1007],
		["binary", new TextEncoder().encode('{"type":"ping","id":1}'), 1007],
		["unknown", '{"type":"end-webinar"}', 1008],
		["after the prototype", '{"type":"ping","id":1,"__proto__":{}}', 1008],
		["deeply nested", `${"[".repeat(8000)}${"]".repeat(8000)}`, 1008],
		["oversized", `"${"x".repeat(MAX_MESSAGE_BYTES)}"`, 1009],
	])("that is %s closes that connection with its code, and no other", async (_what, message, code) => {
		const other = await bench.connect(webinar.id, host.token);
		const client = await bench.connect(webinar.id, attendee.token);
		client.socket.send(message);
		expect(await client.closed).toBe(code);
		expect(await other.rest()).toEqual([]);
		expect((await bench.request("GET", `/api/webinars/${webinar.id}`)).status).toBe(200);
	});

	test("for the audience from someone else closes the connection", async () => {
		const client = await bench.connect(webinar.id, presenter.token);
		client.say({ type: "hand", raised: true });
		expect(await client.closed).toBe(1008);
	});

	test("after message closes the connection", async () => {
		const client = await bench.connect(webinar.id, attendee.token);
		for (let i = 0; i < 100; i++) client.say({ type: "ping", id: i });
		expect(await client.closed).toBe(1008);
	});
});

describe("an upgrade is refused with a problem", () => {
	/** The browser's WebSocket hides why it was refused, so this speaks HTTP itself. Resolves when the server hangs up. */
	function upgrade(path: string): Promise<{ status: number; type: string | undefined; code: string }> {
		return new Promise((resolve, reject) => {
			let answer = "";
			const socket = connect(Number(new URL(bench.url).port), "127.0.0.1");
			socket.on("data", (chunk) => {
				answer += chunk.toString("utf8");
			});
			socket.on("error", reject);
			socket.on("close", () => {
				const [head = "", body = ""] = answer.split("\r\n\r\n");
				resolve({
					status: Number(head.split(" ")[1]),
					type: /^content-type: ([^;\r]+)/m.exec(head)?.[1],
					code: JSON.parse(body).code,
				});
			});
			socket.write(
				`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}\r\n\r\n`,
			);
		});
	}
	const problem = (status: number, code: string) => ({ status, type: "application/problem+json", code });

	test("without a token, or with one that will not do", async () => {
		const path = `/api/webinars/${webinar.id}/events`;
		const { person } = attendee;
		const expiresAt = bench.clock.now() - 1000;
		const expired = await bench.tokens.sign({ ...person, webinarId: webinar.id, expiresAt });
		expect(await upgrade(path)).toEqual(problem(401, "token-missing"));
		expect(await upgrade(`${path}?token=`)).toEqual(problem(401, "token-missing"));
		expect(await upgrade(`${path}?token=nonsense`)).toEqual(problem(401, "token-invalid"));
		expect(await upgrade(`${path}?token=${ADMIN_TOKEN}`)).toEqual(problem(401, "token-invalid"));
		expect(await upgrade(`${path}?token=${expired}`)).toEqual(problem(401, "token-expired"));
		expect(await upgrade(`${path}?token=${"x".repeat(5000)}`)).toEqual(problem(400, "invalid-parameter"));
	});

	test("for another webinar, or one that is no more", async () => {
		const other = await bench.createWebinar();
		const path = `/api/webinars/${other.id}/events`;
		expect(await upgrade(`${path}?token=${host.token}`)).toEqual(problem(403, "forbidden"));
		const { token } = await bench.invite(other.id, "host");
		await bench.request("DELETE", `/api/webinars/${other.id}`, { token: ADMIN_TOKEN });
		expect(await upgrade(`${path}?token=${token}`)).toEqual(problem(404, "webinar-unknown"));
	});
});

test("a plain request at the WebSocket's address is told so, once its token is good", async () => {
	const answer = await bench.request("GET", `/api/webinars/${webinar.id}/events?token=${host.token}`);
	expect(answer).toMatchObject({
		status: 400,
		body: { code: "bad-request", detail: expect.stringContaining("WebSocket") },
	});
});

test("no token is in the log", async () => {
	await bench.connect(webinar.id, host.token);
	await bench.request("GET", `/api/webinars/${webinar.id}/events?token=${host.token}`);
	expect(bench.logLines.some((line) => line.includes(`/api/webinars/${webinar.id}/events`))).toBe(true);
	expect(bench.logLines.filter((line) => line.includes(host.token))).toEqual([]);
});

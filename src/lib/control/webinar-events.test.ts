import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { emptyScene } from "../../../core/protocol/scene.ts";
import { WebinarEvents } from "./webinar-events.svelte.ts";

const webinarId = "abcdefghijkl";
const links = { host: "http://x/h", stage: "http://x/s", watch: "http://x/w", embed: "http://x/e" };
const webinar = {
	id: webinarId,
	title: "Spring",
	state: "live",
	access: "public",
	startsAt: null,
	createdAt: "2026-03-01T10:00:00.000Z",
	startedAt: null,
	endedAt: null,
	links,
};
const you = { personId: "p-abcdefghijkl", name: "Ann", title: "", role: "attendee" };
/** The server's clock is this far ahead. */
const AHEAD_MS = 7000;

class FakeSocket {
	static readonly OPEN = 1;
	static all: FakeSocket[] = [];
	readonly url: string;
	readyState = 1;
	sent: { type: string; id?: number }[] = [];
	onmessage: ((message: { data: unknown }) => void) | null = null;
	onclose: (() => void) | null = null;
	constructor(url: string) {
		this.url = url;
		FakeSocket.all.push(this);
	}
	send(text: string) {
		this.sent.push(JSON.parse(text));
	}
	close() {
		this.readyState = 3;
	}
	hear(event: object) {
		this.onmessage?.({ data: JSON.stringify({ at: Date.now() + AHEAD_MS, ...event }) });
	}
	welcome() {
		this.hear({ type: "welcome", you, webinar, stage: { people: [] }, promotion: { state: "none" } });
	}
	drop() {
		this.readyState = 3;
		this.onclose?.();
	}
}

let answer: () => Response;
const socket = () => FakeSocket.all.at(-1) as FakeSocket;
const open = () => new WebinarEvents({ webinarId, token: "a+b", baseUrl: "https://x" });

beforeEach(() => {
	vi.useFakeTimers();
	FakeSocket.all = [];
	answer = () => new Response("{}", { status: 400 });
	vi.stubGlobal("WebSocket", FakeSocket);
	vi.stubGlobal("fetch", async () => answer());
});
afterEach(() => {
	vi.useRealTimers();
	vi.unstubAllGlobals();
});

test("the welcome opens it, and events change what they are about", () => {
	const events = open();
	expect(socket().url).toBe(`wss://x/api/webinars/${webinarId}/events?token=a%2Bb`);
	expect(events.status).toBe("connecting");
	socket().welcome();
	expect([events.status, events.you, events.webinar]).toEqual(["open", you, webinar]);
	socket().hear({ type: "promotion", promotion: { state: "offered", token: "t1" } });
	socket().hear({ type: "slots", session: "s1", people: ["p-aaaaaaaaaaaa", null], sources: ["screen", null] });
	expect(events.promotion).toEqual({ state: "offered", token: "t1" });
	expect(events.slots).toEqual({ s1: [{ personId: "p-aaaaaaaaaaaa", source: "screen" }, null] });
	expect(events.raiseHand(true)).toBe(true);
	expect(socket().sent.at(-1)).toEqual({ type: "hand", raised: true });
	events.close();
});

test("figures are those told last, until they are old", async () => {
	const events = open();
	socket().welcome();
	const personId = "p-aaaaaaaaaaaa";
	const up = { bitsPerSecond: 1, lossShare: 0, jitterMs: 1, freezes: 0, layers: [] };
	socket().hear({ type: "figures", people: [{ personId: "p-bbbbbbbbbbbb" }, { personId, up }] });
	socket().hear({ type: "figures", people: [{ personId, up: { ...up, freezes: 2 } }] });
	expect(events.figures).toEqual({ [personId]: { personId, up: { ...up, freezes: 2 } } });
	await vi.advanceTimersByTimeAsync(6_900);
	expect(Object.keys(events.figures)).toEqual([personId]);
	await vi.advanceTimersByTimeAsync(200);
	expect(events.figures).toEqual({});
	events.close();
});

test("what is no event, or one of a newer server, is passed over", () => {
	const events = open();
	socket().welcome();
	socket().onmessage?.({ data: "{" });
	socket().onmessage?.({ data: new ArrayBuffer(2) });
	socket().hear({ type: "confetti" });
	expect(events.status).toBe("open");
	events.close();
});

test("the slots of a few sessions are remembered, the newest last", () => {
	const events = open();
	socket().welcome();
	for (let i = 0; i < 10; i++) socket().hear({ type: "slots", session: `s${i}`, people: [], sources: [] });
	expect(Object.keys(events.slots)).toEqual(["s6", "s7", "s8", "s9"]);
	events.close();
});

test("the clock's offset comes from the quickest answer, and is measured again", async () => {
	const events = open();
	socket().welcome();
	await vi.advanceTimersByTimeAsync(0);
	await vi.advanceTimersByTimeAsync(40);
	socket().hear({ type: "pong", id: 0, at: Date.now() - 10 + AHEAD_MS });
	expect(events.clockOffsetMs).toBe(AHEAD_MS + 10);
	await vi.advanceTimersByTimeAsync(110);
	socket().hear({ type: "pong", id: 1 });
	expect(events.clockOffsetMs).toBe(AHEAD_MS);
	const before = socket().sent.length;
	socket().hear({ type: "stage", stage: { people: [] } });
	await vi.advanceTimersByTimeAsync(7900);
	socket().hear({ type: "stage", stage: { people: [] } });
	await vi.advanceTimersByTimeAsync(24_000);
	expect(socket().sent.length).toBeGreaterThan(before + 3);
	events.close();
});

test("a lost connection comes back by itself, and nothing can be said meanwhile", async () => {
	const events = open();
	socket().welcome();
	socket().drop();
	expect([events.status, events.raiseHand(true)]).toEqual(["lost", false]);
	await vi.advanceTimersByTimeAsync(1000);
	expect(FakeSocket.all).toHaveLength(2);
	socket().welcome();
	expect(events.status).toBe("open");
	events.close();
});

test("a server that says nothing any more is left", async () => {
	const events = open();
	socket().welcome();
	await vi.advanceTimersByTimeAsync(9000);
	expect(events.status).toBe("lost");
	expect(FakeSocket.all[0]?.readyState).toBe(3);
	events.close();
});

test("a refused token ends the trying, with the reason", async () => {
	const problem = { type: "about:blank", title: "The token has expired", status: 401, code: "token-expired" };
	answer = () => new Response(JSON.stringify(problem), { status: 401 });
	const events = open();
	socket().drop();
	await vi.advanceTimersByTimeAsync(60_000);
	expect([events.status, events.problem?.code]).toEqual(["refused", "token-expired"]);
	expect(FakeSocket.all).toHaveLength(1);
});

test("a server that is away is tried again and again, ever more slowly, until close()", async () => {
	answer = () => {
		throw new TypeError("Failed to fetch");
	};
	const events = open();
	for (let i = 0; i < 20; i++) {
		socket().drop();
		await vi.advanceTimersByTimeAsync(10_000);
	}
	expect(FakeSocket.all).toHaveLength(21);
	expect(events.status).toBe("connecting");
	socket().drop();
	events.close();
	await vi.advanceTimersByTimeAsync(60_000);
	expect(FakeSocket.all).toHaveLength(21);
});

test("a host is told of the scene and the outputs, and forgets an old scene on a new connection", () => {
	const events = open();
	const scene = { ...emptyScene({ webinarId, version: 1, title: "Spring" }), slateFollows: true };
	const output = { id: "o1", name: "Channel", server: "rtmp://host", state: "live", reason: null };
	socket().hear({ type: "welcome", you, webinar, stage: { people: [] }, promotion: { state: "none" }, scene });
	socket().hear({ type: "outputs", outputs: [output] });
	expect([events.scene, events.outputs]).toEqual([scene, [output]]);
	const next = { ...scene, version: 2, titleShown: true };
	socket().hear({ type: "scene", scene: next });
	expect(events.scene).toEqual(next);
	socket().welcome();
	expect(events.scene).toBeNull();
	events.close();
});

test("whether the camera is on is said over an open connection only", () => {
	const events = open();
	socket().readyState = 0;
	expect(events.sayCamera(false)).toBe(false);
	socket().readyState = 1;
	socket().welcome();
	expect(events.sayCamera(false)).toBe(true);
	expect(socket().sent.at(-1)).toEqual({ type: "camera", on: false });
	events.close();
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MediaLink } from "./media-link.svelte.ts";

/** A peer connection whose state the test sets. */
class FakeConnection extends EventTarget {
	static all: FakeConnection[] = [];
	connectionState = "new";
	iceGatheringState = "complete";
	localDescription: { sdp: string } | null = null;
	answer: string | undefined;
	remoteDescription: { sdp: string } | null = null;
	onconnectionstatechange: (() => void) | null = null;
	isClosed = false;
	readonly configuration: RTCConfiguration;
	constructor(configuration: RTCConfiguration) {
		super();
		this.configuration = configuration;
		FakeConnection.all.push(this);
	}
	async createOffer() {
		return { type: "offer", sdp: "a=ice-ufrag:mine2\r\na=ice-pwd:mine22\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n" };
	}
	async setLocalDescription(description?: { sdp: string }) {
		this.localDescription = { sdp: description?.sdp ?? `offer ${FakeConnection.all.length}` };
	}
	async setRemoteDescription({ sdp }: { sdp: string }) {
		this.answer = sdp;
		this.remoteDescription = { sdp };
	}
	close() {
		this.isClosed = true;
	}
	become(state: string) {
		this.connectionState = state;
		this.onconnectionstatechange?.();
	}
}

const turn =
	'<turn:turn.test?transport=tcp>; rel="ice-server"; username="u"; credential="c"; credential-type="password"';
let requests: string[];
let tellEnded: (session: string, reason: string) => void;
const endings = {
	onSessionEnded(listener: typeof tellEnded) {
		tellEnded = listener;
		return () => {
			tellEnded = () => undefined;
		};
	},
};
let answers: (() => Response | Promise<Response>)[];
const page = new EventTarget();

const created = (id: string) => () =>
	new Response(`answer ${id}`, { status: 201, headers: { location: `/whip/abcdefghijkl/${id}`, etag: `"of ${id}"` } });
const refused = (status: number, code: string) => () =>
	new Response(JSON.stringify({ type: "about:blank", title: "No", status, code }), { status });

beforeEach(() => {
	vi.useFakeTimers();
	FakeConnection.all = [];
	requests = [];
	answers = [];
	vi.stubGlobal("RTCPeerConnection", FakeConnection);
	vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
	vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
	vi.stubGlobal("fetch", async (url: string, { method, body = "", keepalive }: RequestInit) => {
		if (method === "OPTIONS") return new Response(null, { headers: { link: turn } });
		requests.push(`${method} ${new URL(url).pathname} ${String(body)}${keepalive ? "keepalive" : ""}`.trim());
		if (method === "DELETE") return new Response(null, { status: 200 });
		const answer = answers.shift();
		if (!answer) throw new TypeError("Failed to fetch");
		return answer();
	});
});
afterEach(() => {
	vi.useRealTimers();
	vi.unstubAllGlobals();
});

const link = () => new MediaLink({ url: "http://x/whip/abcdefghijkl", token: "t1", prepare: () => undefined, endings });
/** Lets everything happen that waits for no timer. */
const settle = () => vi.advanceTimersByTimeAsync(0);

async function live() {
	answers.push(created("s1"));
	const made = link();
	made.start();
	await settle();
	FakeConnection.all[0]?.become("connected");
	return made;
}

test("offer, answer, connection: live, with the session's name", async () => {
	const made = await live();
	expect([made.state, made.session]).toEqual(["live", "s1"]);
	expect(FakeConnection.all[0]?.answer).toBe("answer s1");
	expect(FakeConnection.all[0]?.configuration.iceServers).toEqual([
		{ urls: "turn:turn.test?transport=tcp", username: "u", credential: "c" },
	]);
	expect(requests).toEqual(["POST /whip/abcdefghijkl offer 1"]);
});

test("stop() deletes the session, even from a page that is closing", async () => {
	const made = await live();
	page.dispatchEvent(new Event("pagehide"));
	expect(requests.at(-1)).toBe("DELETE /whip/abcdefghijkl/s1 keepalive");
	expect([made.state, made.session, FakeConnection.all[0]?.isClosed]).toEqual(["stopped", null, true]);
});

test.each([
	[401, "token-expired"],
	[403, "forbidden"],
	[404, "webinar-unknown"],
	[409, "webinar-ended"],
	[422, "unusable-media"],
])("%i %s is final", async (status, code) => {
	answers.push(refused(status, code));
	const made = link();
	made.start();
	await vi.advanceTimersByTimeAsync(60_000);
	expect([made.state, made.problem?.code]).toEqual(["failed", code]);
	expect(requests).toHaveLength(1);
});

test.each([
	[503, "unavailable"],
	[409, "no-source"],
])("%i %s is tried again, and again", async (status, code) => {
	answers.push(refused(status, code), refused(status, code), created("s2"));
	const made = link();
	made.start();
	await settle();
	expect(made.state).toBe("reconnecting");
	await vi.advanceTimersByTimeAsync(3_000);
	expect(requests).toHaveLength(3);
	FakeConnection.all[2]?.become("connected");
	expect([made.state, made.problem]).toEqual(["live", null]);
	made.stop();
});

test("a lost connection is made anew, and the old session ended", async () => {
	const made = await live();
	answers.push(created("s2"));
	FakeConnection.all[0]?.become("failed");
	expect([made.state, made.problem?.detail]).toEqual(["reconnecting", "The connection to the server was lost."]);
	expect(requests.at(-1)).toBe("DELETE /whip/abcdefghijkl/s1 keepalive");
	await vi.advanceTimersByTimeAsync(1_000);
	FakeConnection.all[1]?.become("connected");
	expect([made.state, made.session]).toEqual(["live", "s2"]);
	made.stop();
});

test("a short disconnection is waited out", async () => {
	const made = await live();
	FakeConnection.all[0]?.become("disconnected");
	await vi.advanceTimersByTimeAsync(2_000);
	FakeConnection.all[0]?.become("connected");
	await vi.advanceTimersByTimeAsync(10_000);
	expect([made.state, requests.filter((line) => line.startsWith("POST")).length]).toEqual(["live", 1]);
	FakeConnection.all[0]?.become("disconnected");
	await vi.advanceTimersByTimeAsync(3_000);
	expect(made.state).toBe("reconnecting");
	made.stop();
});

test("a disconnection restarts ICE in the same session", async () => {
	const made = await live();
	const connection = FakeConnection.all[0];
	await connection?.setRemoteDescription({ sdp: "a=ice-ufrag:a1\r\na=ice-pwd:a11\r\nm=audio" });
	answers.push(() => new Response("a=ice-ufrag:a2\r\na=ice-pwd:a22\r\n", { status: 200, headers: { etag: '"next"' } }));
	connection?.become("disconnected");
	await settle();
	expect(requests.at(-1)).toBe(
		"PATCH /whip/abcdefghijkl/s1 a=ice-ufrag:mine2\r\na=ice-pwd:mine22\r\nm=audio 9 RTP/AVP 0\r\na=mid:0",
	);
	expect(connection?.answer).toBe("a=ice-ufrag:a2\r\na=ice-pwd:a22\r\nm=audio");
	connection?.become("connected");
	await vi.advanceTimersByTimeAsync(10_000);
	expect([made.state, made.session, FakeConnection.all.length]).toEqual(["live", "s1", 1]);
	made.stop();
});

test("a session that the server lost is made anew at once", async () => {
	const made = await live();
	tellEnded("another", "silent");
	expect(made.state).toBe("live");
	answers.push(created("s2"));
	tellEnded("s1", "worker lost");
	expect(made.state).toBe("reconnecting");
	await vi.advanceTimersByTimeAsync(1_000);
	expect(made.session).toBe("s2");
	made.stop();
});

test.each([
	["replaced", "failed"],
	["removed", "stopped"],
	["webinar closed", "stopped"],
])("a session ended because it was %s is not made anew", async (reason, state) => {
	const made = await live();
	tellEnded("s1", reason);
	await vi.advanceTimersByTimeAsync(60_000);
	expect([made.state, requests.filter((line) => line.startsWith("POST")).length]).toEqual([state, 1]);
	expect(made.problem?.code).toBe(reason === "webinar closed" ? undefined : reason);
});

test("no media connection within 15 s is a failure that is tried again", async () => {
	answers.push(created("s1"));
	const made = link();
	made.start();
	await vi.advanceTimersByTimeAsync(15_000);
	expect([made.state, FakeConnection.all[0]?.isClosed]).toEqual(["reconnecting", true]);
	made.stop();
	await vi.advanceTimersByTimeAsync(60_000);
	expect(requests).toEqual(["POST /whip/abcdefghijkl offer 1", "DELETE /whip/abcdefghijkl/s1 keepalive"]);
});

test("an answer that comes after stop() ends its session", async () => {
	let answer: (response: Response) => void = () => undefined;
	answers.push(() => new Promise((resolve) => (answer = resolve)));
	const made = link();
	made.start();
	await settle();
	made.stop();
	answer(created("s9")());
	await settle();
	expect(requests.at(-1)).toBe("DELETE /whip/abcdefghijkl/s9 keepalive");
	expect(made.state).toBe("stopped");
});

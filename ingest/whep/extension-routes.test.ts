import { afterEach, beforeEach, expect, test } from "vitest";
import type { SubscribedMedia } from "../sdp/session-media.ts";
import type { LayerChoice } from "../sfu/subscriber-figures.ts";
import { serveFakeSessions, WEBINAR } from "../test-support/fake-sessions.ts";
import { subscribeOffer } from "../test-support/offers.ts";
import { type LayerSelection, Playback } from "./playback.ts";

const URN = "urn:ietf:params:whep:ext:core:";
const layers: LayerChoice[][] = [
	[
		{ rid: "l", width: undefined, height: undefined, bitsPerSecond: 200_000, active: false, current: false },
		{ rid: "h", width: 1280, height: 720, bitsPerSecond: 1_499_999.6, active: true, current: true },
	],
];

let server: ReturnType<typeof serveFakeSessions>;
let origin: string;
let session: string;
let playback: Playback;
beforeEach(async () => {
	server = serveFakeSessions({ publicUrl: () => origin });
	origin = await server.app.listen({ port: 0, host: "127.0.0.1" });
	const made = await fetch(`${origin}/whep/${WEBINAR}`, {
		method: "POST",
		headers: { authorization: "Bearer presenter", "content-type": "application/sdp" },
		body: subscribeOffer(1),
	});
	session = made.headers.get("location") ?? "";
	const found = server.sessions.get("whep-1")?.playback;
	if (!found) throw new Error("no playback");
	playback = found;
	expect(made.headers.get("link")).toBe(
		`<${session}/events>; rel="${URN}server-sent-events"; events="active,inactive,layers,viewercount", <${session}/layer>; rel="${URN}layer"`,
	);
});
afterEach(() => server.close());

const json = (value: unknown) => ({
	method: "POST",
	headers: { "content-type": "application/json" },
	body: typeof value === "string" ? value : JSON.stringify(value),
});

async function openStream(events?: string[]): Promise<string> {
	const made = await fetch(`${session}/events`, events ? json(events) : { method: "POST" });
	expect([made.status, await made.text()]).toEqual([201, ""]);
	const location = made.headers.get("location") ?? "";
	expect(location.slice(session.length)).toMatch(/^\/events\/[\w-]{32}$/);
	return location;
}

/** Reads events, without what keeps the connection alive. */
async function listen(location: string) {
	const response = await fetch(location);
	expect(response.status).toBe(200);
	expect(response.headers.get("content-type")).toBe("text/event-stream");
	expect(response.headers.get("access-control-allow-origin")).toBe("*");
	expect(response.headers.get("cache-control")).toBe("no-store");
	const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
	let text = "";
	return {
		/** The next `count` events; fewer at the end of the stream. */
		async take(count: number): Promise<[event: string, data: unknown][]> {
			const taken: [string, unknown][] = [];
			while (taken.length < count) {
				const end = text.indexOf("\n\n");
				if (end < 0) {
					const { value, done } = (await reader?.read()) ?? { done: true };
					if (done) return taken;
					text += value;
					continue;
				}
				const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
				if (event) taken.push([event, JSON.parse(data ?? "")]);
				text = text.slice(end + 2);
			}
			return taken;
		},
		close: () => reader?.cancel(),
	};
}

async function expectProblem(response: Response, status: number, code: string): Promise<void> {
	expect([response.status, await response.json()]).toMatchObject([status, { code }]);
}

test("a stream begins with how things are and goes on with what changes", async () => {
	playback.update({ active: true, layers, viewerCount: 3 });
	const events = await listen(await openStream());
	expect(await events.take(3)).toEqual([
		["active", {}],
		[
			"layers",
			{
				1: [
					{ rid: "h", bitrate: 1_500_000, width: 1280, height: 720 },
					{ rid: "l", bitrate: 0 },
				],
			},
		],
		["viewercount", { viewercount: 3 }],
	]);
	playback.update({ active: true, layers: structuredClone(layers), viewerCount: 3 });
	playback.update({ viewerCount: 2 });
	playback.update({ active: false });
	expect(await events.take(2)).toEqual([
		["viewercount", { viewercount: 2 }],
		["inactive", {}],
	]);
	await events.close();
});

test("nobody hears at the start that nobody publishes, nor what was not asked for", async () => {
	const events = await listen(await openStream(["active", "inactive", "scte35"]));
	playback.update({ viewerCount: 9, layers });
	playback.update({ active: true });
	expect(await events.take(1)).toEqual([["active", {}]]);
	await events.close();
});

test("who comes back gets what they missed, the newest of each alone", async () => {
	const location = await openStream(["active", "inactive", "viewercount"]);
	for (let viewerCount = 1; viewerCount <= 1000; viewerCount++)
		playback.update({ viewerCount, active: viewerCount % 2 === 1 });
	const first = await listen(location);
	expect(await first.take(2)).toEqual([
		["inactive", {}],
		["viewercount", { viewercount: 1000 }],
	]);
	// A second reader takes the place of the first.
	const second = await listen(location);
	expect(await first.take(1)).toEqual([]);
	playback.update({ viewerCount: 1 });
	expect(await second.take(1)).toEqual([["viewercount", { viewercount: 1 }]]);
	await second.close();
});

test("a stream ends when it is deleted, and all with their session", async () => {
	const [one, two] = [await openStream(), await openStream()];
	const [atOne, atTwo] = [await listen(one), await listen(two)];
	await atOne.take(1);
	await atTwo.take(1);
	expect((await fetch(one, { method: "DELETE" })).status).toBe(200);
	expect(await atOne.take(1)).toEqual([]);
	await expectProblem(await fetch(one), 404, "not-found");
	await expectProblem(await fetch(one, { method: "DELETE" }), 404, "not-found");
	expect((await fetch(session, { method: "DELETE" })).status).toBe(200);
	expect(await atTwo.take(1)).toEqual([]);
	await expectProblem(await fetch(two), 404, "session-unknown");
	await expectProblem(await fetch(`${session}/events`, { method: "POST" }), 404, "session-unknown");
	expect(() => playback.openStream([])).toThrow(expect.objectContaining({ code: "session-unknown" }));
});

test("a session has a few streams; the oldest gives way", async () => {
	const streams: string[] = [];
	for (let count = 0; count < 5; count++) streams.push(await openStream());
	await expectProblem(await fetch(streams[0] ?? ""), 404, "not-found");
	await (await listen(streams[1] ?? "")).close();
});

test("a player chooses a layer, a height, or leaves it to the server", async () => {
	playback.update({ layers });
	for (const body of [
		{ mediaId: "1", rid: "l" },
		{ encodingId: "h" },
		{ maxHeight: 360 },
		{ mediaId: 1 },
		{ rid: null, maxTemporalLayerId: 1 },
	])
		expect((await fetch(`${session}/layer`, json(body))).status).toBe(200);
	expect(server.sessions.get("whep-1")?.selections).toEqual([
		{ slot: 0, rid: "l", maxHeight: null },
		{ slot: 0, rid: "h", maxHeight: 720 },
		{ slot: 0, rid: null, maxHeight: 360 },
		{ slot: 0, rid: null, maxHeight: null },
		{ slot: 0, rid: null, maxHeight: null },
	]);
});

test("what is no choice is refused", async () => {
	playback.update({ layers });
	await expectProblem(await fetch(`${session}/layer`, json({ rid: "x" })), 409, "layer-unknown");
	for (const body of [
		"",
		"{",
		"[]",
		{ mediaId: "0" },
		{ mediaId: "x" },
		{ rid: 7 },
		{ maxHeight: -1 },
		{ rid: "r".repeat(17) },
	])
		await expectProblem(await fetch(`${session}/layer`, json(body)), 400, "invalid-body");
	for (const body of ["{}", "[1]", JSON.stringify(Array(33).fill("active"))])
		await expectProblem(await fetch(`${session}/events`, json(body)), 400, "invalid-body");
	const asSdp = { method: "POST", headers: { "content-type": "application/sdp" }, body: "{}" };
	await expectProblem(await fetch(`${session}/layer`, asSdp), 415, "unsupported-media-type");
	await expectProblem(await fetch(`${session}/layer`, json(" ".repeat(5000))), 413, "body-too-large");
	await expectProblem(await fetch(`${session}/layer`), 405, "method-not-allowed");
	await expectProblem(await fetch(`${session}/events`, { method: "PUT" }), 405, "method-not-allowed");
	expect(server.sessions.get("whep-1")?.selections).toEqual([]);
	const preflight = await fetch(`${session}/layer`, { method: "OPTIONS" });
	expect([preflight.status, preflight.headers.get("accept-post")]).toEqual([200, "application/json"]);
});

test("the layers of every slot are told by m= line, and one without a rid by its number", () => {
	const [audio, video] = [{ kind: "audio" }, { kind: "video" }] as const;
	const media = [audio, { ...video, slot: 0 }, { ...video, slot: 1 }] as unknown as SubscribedMedia[];
	const chosen: LayerSelection[] = [];
	const stage = new Playback({ media, select: (selection) => chosen.push(selection) });
	const lone = { rid: undefined, width: 640, height: 360, bitsPerSecond: 9, active: true, current: false };
	stage.update({ layers: [[], [lone]] });
	const body = stage.stream(stage.openStream(["layers"]))?.connect();
	expect(String(body?.read())).toContain(
		`data: ${JSON.stringify({ 2: [{ spatialLayerId: 0, bitrate: 9, width: 640, height: 360 }] })}\n\n`,
	);
	stage.selectLayer({ media: 2, rid: null, maxHeight: 0 });
	stage.selectLayer({ media: undefined, rid: null, maxHeight: 90 });
	expect(chosen).toEqual([
		{ slot: 1, rid: null, maxHeight: 0 },
		{ slot: 0, rid: null, maxHeight: 90 },
	]);
	expect(() => stage.selectLayer({ media: 0, rid: null, maxHeight: null })).toThrow("mediaId");
	stage.close();
});

test("a reader that does not read is let go", async () => {
	const name = playback.openStream(["layers"]);
	const body = playback.stream(name)?.connect();
	const closed = new Promise<void>((resolve) => body?.on("close", resolve));
	const many = (step: number) => [
		Array.from({ length: 100 }, () => ({ ...(layers[0]?.[1] as LayerChoice), bitsPerSecond: step })),
	];
	for (let step = 1; step <= 100; step++) playback.update({ layers: many(step) });
	await closed;
	expect(body?.destroyed).toBe(true);
	// What waited for it is bounded, and there when it comes back.
	const again = playback.stream(name)?.connect();
	expect(again?.readableLength).toBeLessThan(8 * 1024);
	again?.destroy();
});

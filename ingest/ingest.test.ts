import { stat } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EventTopics } from "../core/protocol/bus-topics.ts";
import { startsKeyframe } from "./rtp/keyframe.ts";
import { readRtcp } from "./rtp/rtcp-read.ts";
import { pictureLossIndication } from "./rtp/rtcp-write.ts";
import { isRtcp, rtpPayload, ssrcOf } from "./rtp/rtp-packet.ts";
import { pullFeed } from "./test-support/feed-client.ts";
import { personId, startIngest, WEBINAR } from "./test-support/ingest-server.ts";
import { until } from "./test-support/until.ts";
import { blue, type Colour, green, looksLike, publish, red, subscribe } from "./test-support/webrtc-client.ts";

/** Far enough apart for a tenth of a second. */
const tones = [400, 700, 1100];

let ingest: Awaited<ReturnType<typeof startIngest>>;
let clients: { close(): unknown }[];
beforeEach(async () => {
	ingest = await startIngest();
	clients = [];
});
afterEach(async () => {
	for (const client of clients) client.close();
	await ingest.close();
	expect(ingest.failures).toEqual([]);
});

function eventsOf<T extends keyof EventTopics>(topic: T): EventTopics[T][] {
	return ingest.events.filter((entry) => entry.topic === topic).map(({ event }) => event as EventTopics[T]);
}

async function publishAs(name: string, colour: Colour, toneHz: number) {
	const publisher = await publish(ingest.whip, await ingest.token(name), { colour, toneHz });
	expect(publisher.status).toBe(201);
	clients.push(publisher);
	await until(`${name} to be present`, () =>
		eventsOf("publisher-present").some((event) => event.personId === personId(name)),
	);
	return publisher;
}

async function subscribeAs(name: string, slots: number) {
	const subscriber = await subscribe(ingest.whep, await ingest.token(name), slots);
	expect(subscriber.status).toBe(201);
	clients.push(subscriber);
	return subscriber;
}

type Slot = Awaited<ReturnType<typeof subscribe>>["slots"][number];

async function untilShows(slot: Slot | undefined, colour: Colour, toneHz: number): Promise<void> {
	await until(`colour ${colour}`, () => looksLike(slot?.colour, colour));
	await until(`tone of ${toneHz} Hz`, () => slot?.tone(tones) === toneHz);
}

test("presenters see and hear each other in their slots, never themselves", async () => {
	await publishAs("a", red, 400);
	expect(eventsOf("publisher-present")[0]).toEqual({
		webinarId: WEBINAR,
		personId: personId("a"),
		source: "camera",
		audio: true,
		video: true,
	});
	const atA = await subscribeAs("a", 2);
	await publishAs("b", green, 700);
	const atB = await subscribeAs("b", 2);
	await untilShows(atA.slots[0], green, 700);
	await untilShows(atB.slots[0], red, 400);

	// A third takes the free slots; when the first leaves, theirs is free for the fourth, and nobody else moves.
	const c = await publishAs("c", blue, 1100);
	await untilShows(atA.slots[1], blue, 1100);
	await untilShows(atB.slots[1], blue, 1100);
	const session = atA.location.split("/").at(-1) ?? "";
	const lastSlots = () => eventsOf("slots").findLast((event) => event.session === session)?.people;
	expect(lastSlots()).toEqual([personId("b"), personId("c")]);
	expect((await fetch(c.location, { method: "DELETE" })).status).toBe(200);
	await until("c to be gone", () => eventsOf("publisher-gone").some((event) => event.personId === personId("c")));
	await until("c's slot to be free", () => lastSlots()?.[1] === null);
	expect(lastSlots()).toEqual([personId("b"), null]);
	const framesBefore = atA.slots[0]?.frames ?? 0;
	await publishAs("d", red, 400);
	await untilShows(atA.slots[1], red, 400);
	expect(lastSlots()).toEqual([personId("b"), personId("d")]);
	await untilShows(atA.slots[0], green, 700);
	expect(atA.slots[0]?.frames).toBeGreaterThan(framesBefore);
	expect(await ingest.metrics.getSingleMetricAsString("rostrum_publishers")).toMatch(/rostrum_publishers 3$/m);
});

test("an ordinary player gets who speaks rather than who came first, and then who is left", async () => {
	await publishAs("a", red, 0);
	const b = await publishAs("b", green, 700);
	const player = await subscribeAs("v", 1);
	await untilShows(player.slots[0], green, 700);
	await fetch(b.location, { method: "DELETE" });
	await until("the one who is left", () => looksLike(player.slots[0]?.colour, red));
});

test("who publishes again takes their own place over", async () => {
	const first = await publishAs("a", red, 400);
	const player = await subscribeAs("v", 2);
	await untilShows(player.slots[0], red, 400);
	const second = await publishAs("a", blue, 1100);
	await untilShows(player.slots[0], blue, 1100);
	expect(player.slots[1]?.frames).toBe(0);
	expect((await fetch(first.location)).status).toBe(404);
	expect((await fetch(second.location)).status).toBe(200);
	expect(eventsOf("publisher-gone")).toHaveLength(1);
});

test("a person removed loses all sessions, a closed webinar everybody's", async () => {
	const a = await publishAs("a", red, 400);
	const b = await publishAs("b", green, 700);
	const atA = await subscribeAs("a", 2);
	ingest.bus.publish("person-removed", { webinarId: WEBINAR, personId: personId("a") });
	await until("a to be gone", () => eventsOf("publisher-gone").length === 1);
	expect([
		(await fetch(a.location)).status,
		(await fetch(atA.location)).status,
		(await fetch(b.location)).status,
	]).toEqual([404, 404, 200]);
	ingest.bus.publish("webinar-closed", { webinarId: WEBINAR });
	await until("b to be gone", () => eventsOf("publisher-gone").length === 2);
	expect((await fetch(b.location)).status).toBe(404);
});

test("the feed hands out RTP and reports as they were sent, from a keyframe on, and keyframes when asked", async () => {
	const a = await publishAs("a", red, 400);
	expect((await stat(ingest.feedPath)).mode & 0o777).toBe(0o600);
	const feed = pullFeed(ingest.feedPath, { webinarId: WEBINAR, personId: personId("a"), source: "camera" });
	clients.push(feed);
	const description = await until("the description", () => feed.description);
	if (!("tracks" in description)) throw new Error(description.error);
	expect(description.tracks.map(({ kind, codec, clockRate }) => [kind, codec, clockRate]).sort()).toEqual([
		["audio", "opus", 48_000],
		["video", "VP8", 90_000],
	]);
	const videoSsrc = description.tracks.find(({ kind }) => kind === "video")?.ssrc ?? 0;
	const keyframes = () =>
		feed.packets.filter(
			(packet) => !isRtcp(packet) && ssrcOf(packet) === videoSsrc && startsKeyframe("VP8", rtpPayload(packet)),
		);
	for (const { ssrc } of description.tracks) {
		await until("media", () => feed.packets.some((packet) => !isRtcp(packet) && ssrcOf(packet) === ssrc));
		await until("a sender report", () =>
			feed.packets.some(
				(packet) =>
					isRtcp(packet) &&
					readRtcp(packet).some((message) => message.type === "sender-report" && message.ssrc === ssrc),
			),
		);
	}
	await until("a first keyframe", () => keyframes().length > 0);
	const before = keyframes().length;
	feed.send(pictureLossIndication(1, videoSsrc));
	await until("another keyframe", () => keyframes().length > before);

	await fetch(a.location, { method: "DELETE" });
	await until("the end of the feed", () => feed.ended);
});

test("the feed says when there is nobody, and refuses what is no request", async () => {
	for (const [request, error] of [
		[{ webinarId: WEBINAR, personId: personId("x"), source: "camera" }, "no-publisher"],
		["nonsense", "bad-request"],
		[JSON.stringify({ webinarId: "../etc", personId: personId("x") }), "bad-request"],
	] as const) {
		const feed = pullFeed(ingest.feedPath, request);
		await until("the end of the feed", () => feed.ended);
		expect(feed.description).toEqual({ error });
	}
});

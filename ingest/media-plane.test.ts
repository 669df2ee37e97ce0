import { readdirSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EventTopics } from "../core/protocol/bus-topics.ts";
import { createMemoryBus } from "../core/runtime/bus.ts";
import { AppError } from "../core/runtime/errors.ts";
import { createLog } from "../core/runtime/log.ts";
import { MediaPlane } from "./media-plane.ts";
import type { PublishedMedia, SubscribedMedia } from "./sdp/session-media.ts";
import type { Session } from "./sessions.ts";
import { agreedCodec } from "./test-support/agreed-codec.ts";
import { pullFeed } from "./test-support/feed-client.ts";
import { fingerprintOf, LOOPBACK, mediaPeer, udpWire } from "./test-support/media-peer.ts";
import { until } from "./test-support/until.ts";
import { createDtlsIdentity, type DtlsIdentity } from "./transport/dtls-session.ts";

const log = createLog({ level: process.env["LOG_LEVEL"] ?? "silent", pretty: false });
const topics = ["publisher-present", "publisher-gone", "session-ended"] as const;
const opus = agreedCodec("opus", 111);
const published: PublishedMedia[] = [{ kind: "audio", codecs: [opus], extensions: {}, rids: [], ssrcs: [] }];
const subscribed: SubscribedMedia[] = [
	{ kind: "audio", codecs: [opus], extensions: {}, ssrc: 77, cname: "c", slot: 0 },
	{ kind: "audio", codecs: [opus], extensions: {}, ssrc: 78, cname: "d", slot: 1 },
];

let directory: string;
let identity: DtlsIdentity;
let threads: Worker[];
let events: { topic: string; event: object }[];
let bus: ReturnType<typeof createMemoryBus>;
let plane: MediaPlane;
let closers: (() => void)[];
const onWorker = (worker: Worker) => threads.push(worker);

beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), "plane-"));
	identity = await createDtlsIdentity();
	threads = [];
	events = [];
	closers = [];
	process.on("worker", onWorker);
	bus = createMemoryBus({ onError: (error) => log.error(error) });
	for (const topic of topics) bus.subscribe(topic, (event) => events.push({ topic, event }));
	plane = await openPlane();
});
afterEach(async () => {
	for (const close of closers) close();
	await plane.close();
	process.off("worker", onWorker);
	await rm(directory, { recursive: true, force: true });
});

function openPlane({ publicAddresses = [] as string[], sessionsPerWorker = 3 } = {}) {
	const feedPath = join(directory, "feed.sock");
	return MediaPlane.open({ mediaPort: 0, publicAddresses, feedPath, workers: 2, sessionsPerWorker }, { bus, log });
}

const offer = () => ({
	ice: { ufrag: "peer", password: "peer" },
	transport: { setup: "actpass" as const, fingerprint: fingerprintOf(identity) },
});

function eventsOf<T extends keyof EventTopics>(topic: T): EventTopics[T][] {
	return events.filter((entry) => entry.topic === topic).map(({ event }) => event as EventTopics[T]);
}

async function peerOf(session: Session) {
	const local = plane.local(session);
	const host = local.hosts.find(({ address, protocol }) => address === LOOPBACK && protocol === "udp");
	if (!host) throw new Error("no candidate on loopback");
	const value = Buffer.from((local.fingerprint.split(" ")[1] ?? "").replaceAll(":", ""), "hex");
	const fingerprint = { algorithm: "sha-256", value };
	const peer = mediaPeer({ wire: await udpWire(host.port), ice: local, identity, fingerprint });
	closers.push(() => peer.close());
	await peer.connect();
	return peer;
}

async function publish(webinarId: string, personId: string, source: "camera" | "screen" = "camera") {
	const session = plane.openPublisher({ webinarId, personId, source, offer: offer(), media: published });
	const peer = await peerOf(session);
	await until("the publisher to be present", () => session.present);
	return { session, peer };
}

/** Opus of one second and a bit: what a decoder would make of it is nobody's matter here. */
function speak({ sendRtp }: { sendRtp(packet: Buffer): void }): () => void {
	let sequence = 1;
	const timer = setInterval(() => {
		const packet = Buffer.from("806f00000000000000000003706179", "hex");
		packet.writeUInt16BE(sequence, 2);
		packet.writeUInt32BE(sequence++ * 960, 4);
		sendRtp(packet);
	}, 20);
	closers.unshift(() => clearInterval(timer));
	return () => clearInterval(timer);
}

test("media goes from a publisher to a subscriber through a worker, and figures come back", async () => {
	const { peer } = await publish("webinar-a", "p-a");
	const ids = { webinarId: "webinar-a", personId: "p-b" };
	const session = plane.openSubscriber({ ...ids, programme: false, offer: offer(), media: subscribed });
	const player = await peerOf(session);
	speak(peer);
	await until("media", () => player.media.length > 10);
	const [first] = player.opened().filter((packet) => (packet[1] ?? 0) < 192);
	expect(first?.toString("latin1", 12)).toBe("pay");
	expect(first?.readUInt32BE(8)).toBe(77);
	await until("figures", () => plane.packets.in > 10 && plane.packets.out > 10);
	expect(plane.snapshots.flatMap(({ publishers }) => publishers)).toMatchObject([
		{ webinarId: "webinar-a", personId: "p-a", source: "camera" },
	]);
	plane.end(session, "deleted");
	await until("the goodbye", () => player.closed.length > 0);
	expect(eventsOf("session-ended")).toMatchObject([{ personId: "p-b", kind: "subscriber", reason: "deleted" }]);
});

test("a person has a camera and a screen; each is replaced by the next of its kind", async () => {
	const camera = await publish("webinar-a", "p-a");
	await publish("webinar-a", "p-a", "screen");
	await publish("webinar-a", "p-a", "camera");
	expect(eventsOf("session-ended")).toMatchObject([{ session: camera.session.session, reason: "replaced" }]);
	expect(eventsOf("publisher-gone")).toEqual([{ webinarId: "webinar-a", personId: "p-a", source: "camera" }]);
	expect(plane.sessions.all.map(({ source, present }) => [source, present])).toEqual([
		["screen", true],
		["camera", true],
	]);
	bus.publish("person-removed", { webinarId: "webinar-a", personId: "p-a" });
	await until("all to be gone", () => eventsOf("publisher-gone").length === 3);
	expect(plane.sessions.all).toEqual([]);
});

test("a worker that is lost takes its rooms alone, and there is another one at once", async () => {
	const lost = await publish("webinar-a", "p-a");
	const kept = await publish("webinar-b", "p-b");
	expect(lost.session.worker).not.toBe(kept.session.worker);
	const room = { webinarId: "webinar-a", personId: "p-a" };
	const feed = pullFeed(plane.feedPath("webinar-a", "p-a", "camera") ?? "", { ...room, source: "camera" });
	closers.push(() => feed.close());
	// The first thread is the door's.
	const before = threads.length;
	await threads[lost.session.worker]?.terminate();
	await until("the end of its sessions", () => eventsOf("session-ended").length > 0);
	expect(eventsOf("session-ended")).toMatchObject([{ ...room, kind: "publisher", reason: "worker lost" }]);
	expect(eventsOf("publisher-gone")).toEqual([{ ...room, source: "camera" }]);
	await until("the goodbye to its peer", () => lost.peer.closed.length > 0);
	await until("the end of its feed", () => feed.ended);
	expect(kept.session.present).toBe(true);
	expect(threads.length).toBe(before + 1);

	const again = await publish("webinar-a", "p-a");
	speak(again.peer);
	speak(kept.peer);
	await until("media of both", () => plane.snapshots.filter(({ packetsIn }) => packetsIn > 10).length === 2);
});

test("a door that is lost ends every session, and the next one works at the same port", async () => {
	const { session } = await publish("webinar-a", "p-a");
	const port = plane.mediaPort;
	await threads[0]?.terminate();
	await until("the end of the session", () => !plane.sessions.get(session.session));
	expect(eventsOf("session-ended")).toMatchObject([{ personId: "p-a", reason: "door lost" }]);
	await expect(publish("webinar-a", "p-a")).rejects.toThrow("cannot take this on now");
	const opened = async () => {
		for (;;) {
			try {
				return await publish("webinar-a", "p-a");
			} catch (error) {
				if (!(error instanceof AppError)) throw error;
				await delay(50);
			}
		}
	};
	await opened();
	expect(plane.mediaPort).toBe(port);
});

test("a full worker takes no more; a room stays whole, and a place that is free is taken again", async () => {
	const open = (webinarId: string, personId: string) =>
		plane.openPublisher({ webinarId, personId, source: "camera", offer: offer(), media: published });
	const sessions = ["p-a", "p-b", "p-c"].map((personId) => open("webinar-a", personId));
	expect(new Set(sessions.map(({ worker }) => worker)).size).toBe(1);
	expect(() => open("webinar-a", "p-d")).toThrow("as many sessions as it can carry");
	const other = open("webinar-b", "p-a");
	expect(other.worker).not.toBe(sessions[0]?.worker);
	const [first] = sessions;
	if (!first) throw new Error("no session");
	plane.end(first, "deleted");
	expect(open("webinar-a", "p-d").worker).toBe(first.worker);
	// Who comes back takes their own place, in a full room too.
	expect(open("webinar-a", "p-d").worker).toBe(first.worker);
	expect(plane.sessions.all).toHaveLength(4);
});

test("public addresses take the place of the machine's own, by UDP and TCP", async () => {
	await plane.close();
	plane = await openPlane({ publicAddresses: ["203.0.113.9", "2001:db8::9"] });
	const session = plane.openPublisher({
		webinarId: "webinar-a",
		personId: "p-a",
		source: "camera",
		offer: offer(),
		media: published,
	});
	const port = plane.mediaPort;
	expect(plane.local(session).hosts).toEqual([
		{ address: "203.0.113.9", port, protocol: "udp" },
		{ address: "2001:db8::9", port, protocol: "udp" },
		{ address: "203.0.113.9", port, protocol: "tcp" },
		{ address: "2001:db8::9", port, protocol: "tcp" },
	]);
});

test("a restart has other credentials, another ETag and the same media", async () => {
	const { session, peer } = await publish("webinar-a", "p-a");
	const { etag, localIce } = session;
	const local = plane.restartIce(session, { ufrag: "next", password: "next" });
	expect(session.etag).not.toBe(etag);
	expect(local.ufrag).not.toBe(localIce.ufrag);
	await peer.checked({ ice: local });
	speak(peer);
	await until("media", () => plane.packets.in > 10);
	expect(eventsOf("session-ended")).toEqual([]);
});

test("nothing is left of it when it is closed", async () => {
	await plane.close();
	const open = () => readdirSync("/proc/self/fd").length;
	const before = open();
	plane = await openPlane();
	const { peer } = await publish("webinar-a", "p-a");
	const more = open();
	await plane.close();
	await until("the goodbye", () => peer.closed.length > 0);
	peer.close();
	closers = [];
	expect(more).toBeGreaterThan(before);
	await until("all to be closed", () => open() === before);
	expect(eventsOf("session-ended").at(-1)).toMatchObject({ reason: "server closes" });
	expect(await readdir(directory)).toEqual([]);
});

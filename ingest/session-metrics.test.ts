import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Registry } from "prom-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EventTopics } from "../core/protocol/bus-topics.ts";
import { measureSessions } from "./session-metrics.ts";
import { type Session, Sessions } from "./sessions.ts";
import { personId, startIngest, WEBINAR } from "./test-support/ingest-server.ts";
import { until } from "./test-support/until.ts";
import { publish, subscribe } from "./test-support/webrtc-client.ts";
import type { WorkerSnapshot } from "./workers/worker-messages.ts";

let ingest: Awaited<ReturnType<typeof startIngest>>;
let clients: { close(): unknown }[];
let told: EventTopics["stage-figures"][];
beforeEach(async () => {
	ingest = await startIngest();
	clients = [];
	told = [];
	ingest.bus.subscribe("stage-figures", (event) => told.push(event));
});
afterEach(async () => {
	for (const client of clients) client.close();
	await ingest.close();
	expect(ingest.failures).toEqual([]);
});

interface Series {
	name: string;
	labels: Record<string, string>;
	value: number;
}

/** As Prometheus reads it. */
async function scrape(metrics = ingest.metrics): Promise<Series[]> {
	const lines = (await metrics.metrics()).split("\n").filter((line) => /^rostrum_(publisher|subscriber)_/.test(line));
	return lines.map((line) => {
		const [, name = "", labels = "", value = ""] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
		const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key, text]);
		return { name: name.slice("rostrum_".length), labels: Object.fromEntries(pairs), value: Number(value) };
	});
}

function find(all: Series[], name: string, labels: Record<string, string> = {}): Series[] {
	return all.filter(
		(one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value),
	);
}

/** What a client's own statistics say, of one direction and kind. */
async function statsOf({ connection }: { connection: { getStats(): Promise<unknown> } }, type: string) {
	const report = (await connection.getStats()) as Map<string, Record<string, number | string>>;
	return [...report.values()].filter((one) => one["type"] === type);
}

test("a publisher's layers and a subscriber's slot are measured as they are, and only while they live", async () => {
	const publisher = await publish(ingest.whip, await ingest.token("a"), { toneHz: 400, rids: ["l", "h"] });
	clients.push(publisher);
	const player = await subscribe(ingest.whep, await ingest.token("v"), 2);
	clients.push(player);
	expect([publisher.status, player.status]).toEqual([201, 201]);
	await until("the picture", () => (player.slots[0]?.frames ?? 0) > 40);
	const both = () => told.at(-1)?.people.filter(({ up, down }) => up?.rttMs !== undefined || down?.rttMs !== undefined);
	await until("figures of both", () => both()?.length === 2 && told.at(-1)?.people[0]?.up?.layers.length === 2);

	const sentBefore = await statsOf(publisher, "outbound-rtp");
	const startedMs = performance.now();
	const tellings = told.length + 2;
	await until("some more seconds of it", () => told.length >= tellings);
	const sent = await statsOf(publisher, "outbound-rtp");
	const elapsedMs = performance.now() - startedMs;
	const all = await scrape();

	const ofA = { webinar: WEBINAR, person: personId("a"), source: "camera" };
	for (const [kind, rid] of [
		["audio", ""],
		["video", "l"],
		["video", "h"],
	] as const) {
		const is = (one: Record<string, number | string>) => one["kind"] === kind && (one["rid"] ?? "") === rid;
		const count = (from: typeof sent, key: string) => Number(from.find(is)?.[key] ?? 0);
		const bytes = (from: typeof sent) => count(from, "bytesSent") + count(from, "headerBytesSent");
		const bitsPerSecond = ((bytes(sent) - bytes(sentBefore)) * 8000) / elapsedMs;
		const [rate, ...others] = find(all, "publisher_bits_per_second", { ...ofA, kind, rid });
		expect(others).toEqual([]);
		expect(bitsPerSecond).toBeGreaterThan(5_000);
		expect(rate?.value).toBeGreaterThan(bitsPerSecond / 2);
		expect(rate?.value).toBeLessThan(bitsPerSecond * 2);
		const packets = find(all, "publisher_packets_total", { ...ofA, kind, rid })[0]?.value ?? 0;
		// A browser counts its probes of the bandwidth as well.
		expect(packets).toBeGreaterThan(count(sentBefore, "packetsSent") * (kind === "audio" ? 0.9 : 0.5));
		expect(packets).toBeLessThanOrEqual(count(sent, "packetsSent"));
		expect(find(all, "publisher_lost_packets_total", { ...ofA, kind, rid })[0]?.value).toBe(0);
		expect(find(all, "publisher_jitter_seconds", { ...ofA, kind, rid })[0]?.value).toBeLessThan(1);
	}
	const heights = (name: string) => find(all, name).map(({ labels, value }) => [labels["rid"], value]);
	expect(heights("publisher_height_pixels").sort()).toEqual([
		["h", 360],
		["l", 180],
	]);
	for (const { value } of find(all, "publisher_keyframes_total")) expect(value).toBeGreaterThanOrEqual(1);
	expect(find(all, "publisher_keyframes_total")).toHaveLength(2);
	expect(find(all, "publisher_freezes_total")).toHaveLength(2);

	// What leaves is what the player got, of the layer that is named; the empty slot has no series.
	const ofV = { webinar: WEBINAR, person: personId("v") };
	const received = await statsOf(player, "inbound-rtp");
	for (const kind of ["audio", "video"]) {
		const [packets, ...others] = find(all, "subscriber_packets_total", { ...ofV, kind });
		expect([packets?.labels["slot"], others]).toEqual(["0", []]);
		const got = Math.max(
			...received.filter((one) => one["kind"] === kind).map((one) => Number(one["packetsReceived"])),
		);
		expect(packets?.value).toBeGreaterThan(10);
		expect(packets?.value).toBeLessThanOrEqual(got);
	}
	const [info] = find(all, "subscriber_slot_info", { kind: "video" });
	expect(info).toMatchObject({ labels: { ...ofV, shown: personId("a"), source: "camera", slot: "0" }, value: 1 });
	const layer = find(all, "publisher_bits_per_second", { kind: "video", rid: info?.labels["rid"] ?? "none" });
	expect(layer).toHaveLength(1);
	const [shown] = find(all, "subscriber_height_pixels");
	expect(shown?.value).toBe(info?.labels["rid"] === "h" ? 360 : 180);
	const [down] = find(all, "subscriber_bits_per_second", { kind: "video" });
	expect(down?.value).toBeGreaterThan((layer[0]?.value ?? 0) / 2);
	expect(down?.value).toBeLessThan((layer[0]?.value ?? 0) * 2);
	for (const name of ["publisher_round_trip_seconds", "subscriber_round_trip_seconds"]) {
		expect(find(all, name)[0]?.value).toBeLessThan(1);
	}
	// The label is not the capability.
	expect(await ingest.metrics.metrics()).not.toContain(player.location.split("/").at(-1));

	// The bus tells the same.
	const people = told.at(-1)?.people ?? [];
	const [a, v] = [personId("a"), personId("v")].map((id) => people.find((person) => person.personId === id));
	expect(a?.up?.layers.map(({ rid, height }) => [rid, height])).toEqual([
		["l", 180],
		["h", 360],
	]);
	const videoRates = find(all, "publisher_bits_per_second").reduce((sum, { value }) => sum + value, 0);
	expect(a?.up?.bitsPerSecond).toBeGreaterThan(videoRates / 2);
	expect(a?.up?.bitsPerSecond).toBeLessThan(videoRates * 2);
	expect(a?.up).toMatchObject({ lossShare: 0 });
	expect(v?.down).toMatchObject({ lossShare: 0, paused: [] });
	expect(v?.down?.layers).toMatchObject([{ slot: 0, height: shown?.value }]);
	expect([a?.down, v?.up]).toEqual([undefined, undefined]);

	await fetch(player.location, { method: "DELETE" });
	expect(find(await scrape(), "subscriber_packets_total")).toEqual([]);
	await fetch(publisher.location, { method: "DELETE" });
	expect(await scrape()).toEqual([]);
	await until("the last figures", () => told.at(-1)?.people.length === 0);
});

test("every metric is described, with its type", async () => {
	const description = await readFile(join(import.meta.dirname, "../docs/metrics.md"), "utf8");
	const described = [...description.matchAll(/^\| `(rostrum_\w+)` +\| (\w+)/gm)].map(
		([, name, type]) => `${name} ${type}`,
	);
	const types = (await ingest.metrics.metrics()).matchAll(/^# TYPE (\w+ \w+)$/gm);
	const told = [...types].map(([, type = ""]) => type);
	expect(told.length).toBeGreaterThan(25);
	expect(described).toEqual(expect.arrayContaining(told));
	const ofSessions = described.filter((name) => /^rostrum_(publisher|subscriber)_/.test(name));
	expect(told).toEqual(expect.arrayContaining(ofSessions));
});

test("a counter of losses does not fall, and layers without names are told apart", async () => {
	const sessions = new Sessions();
	const session = { session: "s1", webinarId: WEBINAR, personId: personId("a"), source: "camera", present: true };
	sessions.add(session as Session);
	const metrics = new Registry();
	const layers = [
		{ kind: "video", ssrc: 1, lost: 7 },
		{ kind: "video", ssrc: 2, lost: -2 },
	];
	const figures = { rttMs: undefined, tracks: [{ kind: "video", layers }] };
	const snapshot = { packetsIn: 0, packetsOut: 0, publishers: [{ ...session, packets: 0, figures }], subscribers: [] };
	measureSessions(metrics, { sessions, snapshots: [snapshot as unknown as WorkerSnapshot] });
	const lost = async () =>
		find(await scrape(metrics), "publisher_lost_packets_total").map(({ labels, value }) => [labels["rid"], value]);
	expect(await lost()).toEqual([
		["1", 7],
		["2", 0],
	]);
	layers.splice(0, 2, { kind: "video", ssrc: 1, lost: 4 }, { kind: "video", ssrc: 2, lost: 3 });
	await new Promise(setImmediate);
	expect(await lost()).toEqual([
		["1", 7],
		["2", 3],
	]);
	// The counters of a layer that begins anew do, too.
	layers.splice(0, 2, { kind: "video", ssrc: 9, lost: 1 });
	await new Promise(setImmediate);
	expect(await lost()).toEqual([["", 1]]);
});

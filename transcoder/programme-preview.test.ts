import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify, { type FastifyInstance } from "fastify";
import { Registry } from "prom-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { emptyScene } from "../core/protocol/scene.ts";
import { createMemoryBus } from "../core/runtime/bus.ts";
import { systemClock } from "../core/runtime/clock.ts";
import { createLog } from "../core/runtime/log.ts";
import { createPlaybackPasses } from "../core/runtime/playback-passes.ts";
import { recordCodedFrames } from "../test/support/coded-recording.ts";
import { eventually } from "../test/support/deadline.ts";
import { writeFakeProgramme } from "../test/support/fake-programme.ts";
import { parseMediaPlaylist } from "../test/support/hls/parse-playlist.ts";
import { descendantsOf } from "../test/support/processes.ts";
import { ladderOf } from "./ladder.ts";
import { createTranscoder, type Transcoder } from "./transcoder.ts";

const ID = "previewprevi";
const DEADLINE_MS = 20_000;

let directory: string;
let script: string;
let transcoder: Transcoder;
let app: FastifyInstance;
let url: string;
const states: string[] = [];
const bus = createMemoryBus({ onError: (error) => states.push(`${error}`) });
bus.subscribe("programme-state", ({ state }) => states.push(state));

beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), "preview-"));
	script = await writeFakeProgramme(directory, await recordCodedFrames(4));
	states.length = 0;
	const options = {
		feedPath: join(directory, "feed.sock"),
		runDir: directory,
		dataDir: join(directory, "data"),
		windowSeconds: null,
		encoder: "x264" as const,
		ladder: Promise.resolve(ladderOf([720, 360])),
		programmePath: script,
	};
	const log = createLog({ level: "silent", pretty: false });
	const passes = createPlaybackPasses(new Uint8Array(32), systemClock);
	transcoder = await createTranscoder(options, { log, clock: systemClock, bus, metrics: new Registry(), passes });
	app = fastify({ forceCloseConnections: true });
	await app.register(transcoder.plugin);
	await app.listen({ host: "127.0.0.1", port: 0 });
	url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/live/${ID}`;
});

afterEach(async () => {
	bus.retain("programme", ID, null);
	await transcoder.close();
	await app.close();
	await rm(directory, { recursive: true });
});

function wish(desired: "live" | "preview"): void {
	bus.retain("programme", ID, { desired, scene: emptyScene({ webinarId: ID, version: 1, title: "Test" }) });
}

const children = async () => (await descendantsOf(process.pid)).filter(({ command }) => command.includes(script));

function untilChildren(count: number): Promise<unknown> {
	return eventually(
		async () => (await children()).length === count,
		DEADLINE_MS,
		() => `not ${count} processes`,
	);
}

test("a preview runs unpublished, and goes on when it is live, with nothing published of before", async () => {
	wish("preview");
	await untilChildren(1);
	const [before] = await children();
	expect((await fetch(`${url}/index.m3u8`)).status).toBe(404);
	expect(states).toEqual([]);
	const liveAtMs = Date.now();
	wish("live");
	const playlist = await eventually(
		async () => {
			const answer = await fetch(`${url}/720p/index.m3u8`);
			return answer.status === 200 && parseMediaPlaylist(await answer.text());
		},
		DEADLINE_MS,
		() => "no playlist",
	);
	expect(playlist.segments[0]?.dateMs).toBeGreaterThanOrEqual(liveAtMs - 1);
	expect(states.slice(0, 2)).toEqual(["starting", "running"]);
	expect((await children()).map(({ pid }) => pid)).toEqual([before?.pid]);
});

test("a preview nobody wants any more ends after a while, unless it is wanted again", async () => {
	wish("preview");
	await untilChildren(1);
	const [before] = await children();
	bus.retain("programme", ID, null);
	wish("preview");
	bus.retain("programme", ID, null);
	expect((await children()).map(({ pid }) => pid)).toEqual([before?.pid]);
	await untilChildren(0);
	expect(states).toEqual([]);
	wish("preview");
	await untilChildren(1);
});

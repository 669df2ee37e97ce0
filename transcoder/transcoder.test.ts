import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fastify, { type FastifyInstance } from "fastify";
import { Registry } from "prom-client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { emptyScene } from "../core/protocol/scene.ts";
import { createMemoryBus } from "../core/runtime/bus.ts";
import { systemClock } from "../core/runtime/clock.ts";
import { createLog } from "../core/runtime/log.ts";
import { createPlaybackPasses } from "../core/runtime/playback-passes.ts";
import { recordCodedFrames } from "../test/support/coded-recording.ts";
import { eventually } from "../test/support/deadline.ts";
import { decodeMedia } from "../test/support/decode-media.ts";
import { writeFakeProgramme } from "../test/support/fake-programme.ts";
import { freeTcpPort } from "../test/support/free-ports.ts";
import { Findings } from "../test/support/hls/finding.ts";
import { HttpClient } from "../test/support/hls/http-client.ts";
import { newestPosition, parseMediaPlaylist } from "../test/support/hls/parse-playlist.ts";
import { checkPlaylist } from "../test/support/hls/playlist-rules.ts";
import { checkUpdate } from "../test/support/hls/update-rules.ts";
import { validateHls } from "../test/support/hls-validator.ts";
import { toneShare } from "../test/support/measure-sound.ts";
import { descendantsOf } from "../test/support/processes.ts";
import { ladderOf } from "./ladder.ts";
import { createTranscoder, type Transcoder } from "./transcoder.ts";

const DEADLINE_MS = 20_000;

/** A transcoder on a listening server, whose programmes play `script`. */
async function start(directory: string, script: string) {
	const states: string[] = [];
	const log = createLog({ level: "silent", pretty: false });
	const bus = createMemoryBus({ onError: (error) => states.push(`${error}`) });
	bus.subscribe("programme-state", ({ webinarId, state }) => states.push(`${webinarId} ${state}`));
	const metrics = new Registry();
	const runDir = await mkdtemp(join(directory, "run-"));
	const options = {
		feedPath: join(runDir, "feed.sock"),
		runDir,
		dataDir: join(runDir, "..", "data"),
		windowSeconds: null,
		encoder: "x264" as const,
		ladder: Promise.resolve(ladderOf([720, 360])),
		programmePath: script,
	};
	const passes = createPlaybackPasses(new Uint8Array(32), systemClock);
	const deps = { log, clock: systemClock, bus, metrics, passes };
	const transcoder: Transcoder = await createTranscoder(options, deps);
	const app: FastifyInstance = fastify({ forceCloseConnections: true });
	await app.register(transcoder.plugin);
	await app.listen({ host: "127.0.0.1", port: 0 });
	const client = new HttpClient();
	const baseUrl = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/live`;
	return {
		states,
		bus,
		metrics,
		runDir,
		transcoder,
		client,
		baseUrl,
		wish(webinarId: string, desired: "live" | "ended", version = 1) {
			bus.retain("programme", webinarId, { desired, scene: emptyScene({ webinarId, version, title: "Test" }) });
		},
		async playlist(webinarId: string, query = "") {
			const { status, body } = await client.get(`${baseUrl}/${webinarId}/720p/index.m3u8${query}`);
			expect(status).toBe(200);
			return parseMediaPlaylist(body.toString());
		},
		async children() {
			return (await descendantsOf(process.pid)).filter(({ command }) => command.includes(script));
		},
		async close() {
			await transcoder.close();
			client.close();
			await app.close();
		},
	};
}

let directory: string;
let script: string;
let server: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
	directory = await mkdtemp(join(tmpdir(), "transcoder-"));
	script = await writeFakeProgramme(directory, await recordCodedFrames(4));
});

beforeEach(async () => {
	server = await start(directory, script);
});

afterEach(() => server.close());

afterAll(() => rm(directory, { recursive: true }));

function restarts(metrics: Registry): Promise<number> {
	const metric = metrics.getSingleMetric("rostrum_programme_process_restarts_total");
	return Promise.resolve(metric?.get()).then((read) => read?.values[0]?.value ?? 0);
}

/** Sends the signal to the one process of the programme, and waits until the playlist goes on after a discontinuity. */
async function loseProcess(id: string, signal: "SIGKILL" | "SIGSTOP") {
	const [child] = await server.children();
	if (!child) throw new Error("no process runs");
	const before = await server.playlist(id);
	process.kill(child.pid, signal);
	const startedAt = performance.now();
	const discontinuities = before.segments.filter(({ discontinuity }) => discontinuity).length;
	const after = await eventually(
		async () => {
			const playlist = await server.playlist(id);
			const { length } = playlist.segments.filter(({ discontinuity }) => discontinuity);
			return length > discontinuities && playlist;
		},
		DEADLINE_MS,
		() => "the playlist did not go on",
	);
	return { before, after, tookMs: performance.now() - startedAt };
}

describe("transcoder", () => {
	it("serves a correct stream, also while its process is killed, and ends it", async () => {
		const id = "livelivelive";
		server.wish(id, "live");
		const url = `${server.baseUrl}/${id}/index.m3u8`;
		// A page that comes with the start is held until there is something to play.
		expect((await server.client.get(url)).status).toBe(200);
		const judged = validateHls(url, { seconds: 11 });
		const read = promisify(execFile)("ffmpeg", ["-v", "error", "-i", url, "-t", "6", "-f", "null", "-"]);
		await eventually(
			async () => (await server.playlist(id)).segments.length > 2,
			DEADLINE_MS,
			() => "no segments",
		);

		const { before, after } = await loseProcess(id, "SIGKILL");
		expect(newestPosition(after).msn).toBeGreaterThan(newestPosition(before).msn);
		expect(server.states).toEqual([`${id} starting`, `${id} running`, `${id} recovering`, `${id} running`]);
		expect(await restarts(server.metrics)).toBe(1);
		expect(await judged).toEqual([]);
		expect((await read).stderr).toBe("");

		server.wish(id, "ended", 2);
		await eventually(
			() => server.states.at(-1) === `${id} ended`,
			DEADLINE_MS,
			() => "did not end",
		);
		expect((await server.playlist(id)).ended).toBe(true);
		expect(await validateHls(url, { seconds: 1 })).toEqual([]);
		expect(await server.children()).toEqual([]);
		expect(await readdir(server.runDir)).toEqual([]);
		expect(await restarts(server.metrics)).toBe(1);
	});

	it("goes on where it was when it is started again, and keeps nothing of a webinar that is deleted", async () => {
		const id = "againagain00";
		server.wish(id, "live");
		const segments = (count: number) =>
			eventually(
				async () => {
					const playlist = await server.playlist(id);
					return playlist.segments.filter(({ uri }) => uri).length >= count && playlist;
				},
				DEADLINE_MS,
				() => `no ${count} segments`,
			);
		const before = await segments(3);
		await server.close();
		server = await start(directory, script);
		server.wish(id, "live");
		const restored = await server.playlist(id);
		const after = await segments(restored.segments.length + 2);
		const findings = new Findings();
		checkUpdate("720p", before, restored, findings, { afterOutage: true });
		checkUpdate("720p", restored, after, findings);
		for (const playlist of [restored, after]) checkPlaylist("720p", playlist, findings);
		expect(findings.list).toEqual([]);
		expect(after.segments.filter(({ discontinuity }) => discontinuity)).toHaveLength(1);
		for (const { uri } of after.segments.filter(({ uri }) => uri)) {
			expect((await server.client.get(`${server.baseUrl}/${id}/720p/${uri}`)).status, uri).toBe(200);
		}

		const files = () => readdir(join(directory, "data/live", id)).catch(() => []);
		expect((await files()).toSorted()).toEqual(["360p", "720p", "audio", "timeline.jsonl"]);
		server.bus.retain("programme", id, null);
		server.bus.publish("webinar-deleted", { webinarId: id });
		await eventually(
			async () => (await files()).length === 0,
			DEADLINE_MS,
			() => "its files stay",
		);
		expect((await server.client.get(`${server.baseUrl}/${id}/index.m3u8`)).status).toBe(404);
	});

	it("begins anew beside what an earlier life left and nobody can use", async () => {
		const id = "uselessusele";
		const kept = join(directory, "data/live", id);
		await mkdir(kept, { recursive: true });
		const renditions = [{ name: "720p", contentType: "video/mp4" }];
		const entries = [
			{ type: "stream", originMs: 0, frameRate: 30, renditions, windowSeconds: null },
			{ type: "run", run: 1, epoch: "a", tracks: [{ kind: "video", name: "720p" }], lengths: [1] },
			{ type: "part", msn: 1, run: 1, part: 1, media: [[0, 333_333, 1, 1]] },
		];
		const journal = entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
		await writeFile(join(kept, "timeline.jsonl"), journal);
		const told: unknown[] = [];
		server.bus.subscribe("archive-state", (event) => told.push(event));
		server.wish(id, "live");
		await eventually(
			() => server.states.includes(`${id} running`),
			DEADLINE_MS,
			() => `it does not run: ${server.states}`,
		);
		expect((await server.playlist(id)).mediaSequence).toBe(1);
		expect(told).toMatchObject([{ webinarId: id, state: "failing" }]);
		expect((await readFile(join(kept, "timeline.jsonl"), "utf8")).startsWith(journal)).toBe(true);
	});

	it("replaces a process that gives no frames any more", async () => {
		const id = "stopstopstop";
		server.wish(id, "live");
		await eventually(
			() => server.states.includes(`${id} running`),
			DEADLINE_MS,
			() => "did not run",
		);
		const { tookMs } = await loseProcess(id, "SIGSTOP");
		expect(tookMs).toBeGreaterThan(4000);
		server.bus.retain("programme", id, null);
		await eventually(
			async () => (await server.client.get(`${server.baseUrl}/${id}/index.m3u8`)).status === 404,
			DEADLINE_MS,
			() => "still served",
		);
		expect(await server.children()).toEqual([]);
	});

	it("sends a live programme to its outputs, also from a process that follows a lost one", async () => {
		const id = "sentsentsent";
		const told: string[] = [];
		server.bus.subscribe("output-state", ({ webinarId, id: output, state }) =>
			told.push(`${webinarId} ${output} ${state}`),
		);
		const url = `srt://127.0.0.1:${await freeTcpPort()}`;
		const path = join(directory, "received.ts");
		const received = promisify(execFile)("ffmpeg", ["-v", "error", "-i", `${url}?mode=listener`, "-c", "copy", path]);
		server.bus.retain("outputs", id, [{ id: "elsewhere", url }]);
		server.wish(id, "live");
		const isLive = () => told.includes(`${id} elsewhere live`);
		await eventually(isLive, DEADLINE_MS, () => `not live: ${told.join()}`);
		await loseProcess(id, "SIGKILL");
		expect(told).toEqual([`${id} elsewhere connecting`, `${id} elsewhere live`]);
		await eventually(
			async () => (await server.playlist(id)).segments.length > 2,
			DEADLINE_MS,
			() => "no segments",
		);
		server.wish(id, "ended", 2);
		await received;
		const { frames, sound } = await decodeMedia(await readFile(path));
		expect((frames.at(-1)?.atS ?? 0) - (frames[0]?.atS ?? 0)).toBeGreaterThan(2);
		expect(toneShare(sound, 440)).toBeGreaterThan(0.5);
		const ffmpegs = (await descendantsOf(process.pid)).filter(({ command }) => command.includes(url));
		expect(ffmpegs).toEqual([]);
	});

	it("tells the bus and the metrics of its load, and the bus how loud everybody is and what is shown", async () => {
		const talkative = join(directory, "talkative-programme.mjs");
		await writeFile(
			talkative,
			`process.on("disconnect", () => process.exit());
			process.on("message", ({ type }) => {
				if (type === "end") process.exit();
				for (const shedding of ["none", "frame-rate", "frame-rate"])
					process.send({ type: "load", backlogFrames: 12, shedding, lateTicks: 2, repeatedPictures: 1 });
				const people = [{ personId: "p-aaaaaaaaaaaa", source: "camera" }];
				process.send({ type: "change", change: { at: 1795000000123, layout: "solo", people, speaker: null } });
				process.send({ type: "loudness", levels: [{ personId: "p-aaaaaaaaaaaa", source: "camera", level: 30 }] });
			});`,
		);
		const telling = await start(directory, talkative);
		try {
			const heard: unknown[] = [];
			telling.bus.subscribe("programme-state", (event) => heard.push(event));
			const changes: unknown[] = [];
			telling.bus.subscribe("programme-change", (event) => changes.push(event));
			const loudness = new Promise((resolve) => telling.bus.subscribe("loudness", resolve));
			const webinarId = "loadloadload";
			telling.wish(webinarId, "live");
			expect(await loudness).toEqual({
				webinarId,
				levels: [{ personId: "p-aaaaaaaaaaaa", source: "camera", level: 30 }],
			});
			const people = [{ personId: "p-aaaaaaaaaaaa", source: "camera" }];
			expect(changes[0]).toEqual({ webinarId, at: 1_795_000_000_123, layout: "solo", people, speaker: null });
			expect(heard).toEqual([
				{ webinarId, state: "starting", shedding: "none" },
				{ webinarId, state: "starting", shedding: "frame-rate" },
			]);
			const metrics = await telling.metrics.metrics();
			expect(metrics).toContain("rostrum_encoder_backlog_frames 12");
			expect(metrics).toContain("rostrum_programme_late_ticks_total 6");
			expect(metrics).toContain("rostrum_programme_repeated_pictures_total 3");
			expect(metrics).toContain('rostrum_programmes_shedding{shedding="frame-rate"} 1');
			expect(metrics).toContain('rostrum_programmes_shedding{shedding="quality"} 0');
		} finally {
			await telling.close();
		}
	});

	it("tells a new process who spoke when the one before was lost", async () => {
		const forgetful = join(directory, "forgetful-programme.mjs");
		await writeFile(
			forgetful,
			`process.on("disconnect", () => process.exit());
			process.on("message", ({ type, speaker }) => {
				if (type === "end") process.exit();
				if (type !== "start") return;
				const ann = { personId: "p-aaaaaaaaaaaa", source: "camera" };
				const layout = speaker === "p-aaaaaaaaaaaa camera" ? "speaker" : "grid";
				process.send({ type: "change", change: { at: 0, layout, people: [ann], speaker: ann } }, () => {
					if (!speaker) process.exit(1);
				});
			});`,
		);
		const telling = await start(directory, forgetful);
		try {
			const layouts: string[] = [];
			telling.bus.subscribe("programme-change", ({ layout }) => layouts.push(layout));
			telling.wish("speakspeaks0", "live");
			await eventually(
				() => layouts.length > 1,
				DEADLINE_MS,
				() => "no new process",
			);
			expect(layouts).toEqual(["grid", "speaker"]);
		} finally {
			await telling.close();
		}
	});

	it("tries again and again with a process whose frames cannot be used", async () => {
		const broken = join(directory, "broken-programme.mjs");
		await writeFile(
			broken,
			'import { writeSync } from "node:fs";\nwriteSync(3, Buffer.alloc(64, 0xff));\nsetInterval(() => {}, 1000);\n',
		);
		const failing = await start(directory, broken);
		try {
			failing.wish("fails0fails0", "live");
			await eventually(
				async () => (await restarts(failing.metrics)) >= 3,
				DEADLINE_MS,
				() => "no restarts",
			);
			expect(failing.states.slice(0, 2)).toEqual(["fails0fails0 starting", "fails0fails0 recovering"]);
			expect(failing.states).not.toContain("fails0fails0 running");
		} finally {
			await failing.close();
		}
		expect(await failing.children()).toEqual([]);
		expect(await readdir(failing.runDir)).toEqual([]);
	});

	it("lets go of its audience and ends its processes when the server ends", async () => {
		const id = "endsendsends";
		server.wish(id, "live");
		await eventually(
			() => server.states.includes(`${id} running`),
			DEADLINE_MS,
			() => "did not run",
		);
		const { msn } = newestPosition(await server.playlist(id));
		const waiting = server.client.get(`${server.baseUrl}/${id}/720p/index.m3u8?_HLS_msn=${msn + 1}&_HLS_part=5`);
		const gauge = server.metrics.getSingleMetric("rostrum_origin_blocked_requests");
		await eventually(
			async () => (await gauge?.get())?.values[0]?.value === 1,
			DEADLINE_MS,
			() => "nobody waits",
		);
		await server.transcoder.close();
		expect((await waiting).status).toBe(503);
		expect(server.states).not.toContain(`${id} ended`);
		expect(await server.children()).toEqual([]);
		expect(await readdir(server.runDir)).toEqual([]);
	});
});

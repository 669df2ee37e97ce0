import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fastify, { type FastifyInstance } from "fastify";
import { Registry } from "prom-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emptyScene } from "../core/protocol/scene.ts";
import { createMemoryBus } from "../core/runtime/bus.ts";
import { systemClock } from "../core/runtime/clock.ts";
import { createLog } from "../core/runtime/log.ts";
import { createPlaybackPasses } from "../core/runtime/playback-passes.ts";
import { recordCodedFrames } from "../test/support/coded-recording.ts";
import { eventually } from "../test/support/deadline.ts";
import { writeFakeProgramme } from "../test/support/fake-programme.ts";
import { parseMediaPlaylist } from "../test/support/hls/parse-playlist.ts";
import { validateHls } from "../test/support/hls-validator.ts";
import { S3Server } from "../test/support/s3-server.ts";
import { ladderOf } from "./ladder.ts";
import { createTranscoder, type Transcoder } from "./transcoder.ts";

const ID = "abcdefghij12";
const DEADLINE_MS = 60_000;

let directory: string;
let s3: S3Server;
let transcoder: Transcoder;
let app: FastifyInstance;
const metrics = new Registry();
const bus = createMemoryBus({
	onError: (error) => {
		throw error;
	},
});

beforeAll(async () => {
	directory = await mkdtemp(join(tmpdir(), "uploads-"));
	const programmePath = await writeFakeProgramme(directory, await recordCodedFrames(4));
	s3 = await S3Server.start();
	transcoder = await createTranscoder(
		{
			feedPath: join(directory, "feed.sock"),
			runDir: directory,
			dataDir: directory,
			windowSeconds: null,
			s3: { ...s3.options, prefix: "" },
			encoder: "x264",
			ladder: Promise.resolve(ladderOf([720, 360])),
			programmePath,
		},
		{
			log: createLog({ level: "silent", pretty: false }),
			clock: systemClock,
			bus,
			metrics,
			passes: createPlaybackPasses(new Uint8Array(32), systemClock),
		},
	);
	app = fastify({ forceCloseConnections: true });
	await app.register(transcoder.plugin);
	await app.listen({ host: "127.0.0.1", port: 0 });
});

afterAll(async () => {
	await transcoder.close();
	await app.close();
	await s3.close();
	await rm(directory, { recursive: true });
});

function wish(desired: "live" | "ended"): void {
	bus.retain("programme", ID, { desired, scene: emptyScene({ webinarId: ID, version: 1, title: "Test" }) });
}

const figure = async (name: string) => (await metrics.getSingleMetric(name)?.get())?.values[0]?.value ?? 0;

it("goes on unharmed while the store is down, and is whole in the bucket at its end, until it is deleted", {
	timeout: 120_000,
}, async () => {
	s3.condition = "silent";
	wish("live");
	const origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/live/${ID}`;
	expect((await fetch(`${origin}/index.m3u8`)).status).toBe(200);
	const findings = await validateHls(`${origin}/index.m3u8`, { seconds: 12 });
	expect(findings).toEqual([]);
	expect(await figure("rostrum_upload_pending_files")).toBeGreaterThan(10);
	expect(await figure("rostrum_upload_oldest_pending_seconds")).toBeGreaterThan(5);
	expect(await s3.keys()).toEqual([]);

	s3.condition = "well";
	wish("ended");
	await eventually(
		async () => (await s3.keys()).includes(`live/${ID}/index.m3u8`),
		DEADLINE_MS,
		() => `not uploaded: ${s3.puts.size}`,
	);
	const files = await readdir(join(directory, "live", ID), { recursive: true });
	const media = files.filter((file) => /\.(mp4|m4s|m3u8)$/.test(file)).sort();
	expect(await s3.keys()).toEqual(media.map((file) => `live/${ID}/${file}`));
	for (const file of media) {
		const { body } = await s3.object(`live/${ID}/${file}`);
		expect(body.equals(await readFile(join(directory, "live", ID, file))), file).toBe(true);
	}
	const playlist = parseMediaPlaylist((await s3.object(`live/${ID}/720p/index.m3u8`)).body.toString());
	expect(playlist.ended).toBe(true);
	for (const { uri } of playlist.segments) expect(media).toContain(`720p/${uri}`);
	const url = s3.publicUrl(`live/${ID}/index.m3u8`);
	const probe = ["-v", "error", "-count_packets", "-select_streams", "v:0", "-show_entries", "stream=nb_read_packets"];
	const read = await promisify(execFile)("ffprobe", [...probe, "-of", "csv=p=0", url]);
	expect(read.stderr).toBe("");
	expect(Number.parseInt(read.stdout, 10)).toBeGreaterThan(300);

	bus.publish("webinar-deleted", { webinarId: ID });
	await eventually(
		async () => (await s3.keys()).length === 0,
		DEADLINE_MS,
		() => "objects of a deleted webinar are left",
	);
	// It looks once more whether anything is left before it forgets.
	await eventually(
		async () => (await readdir(join(directory, "uploads"))).length === 0,
		DEADLINE_MS,
		() => "the list of its uploads is left",
	);
});

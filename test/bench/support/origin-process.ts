/**
 * An origin of its own process, whose programme is a recording: one rung of about the bitrate that is given (bits per
 * second, first argument), and sound. Tells its port, then of each part of the rung when it was published.
 */

import { createHash } from "node:crypto";
import fastify from "fastify";
import { Registry } from "prom-client";
import { systemClock } from "../../../core/runtime/clock.ts";
import { createLog } from "../../../core/runtime/log.ts";
import type { TrackConfig } from "../../../transcoder/coded-frames.ts";
import { Origin } from "../../../transcoder/origin/origin.ts";
import { Packager } from "../../../transcoder/package/packager.ts";
import { CodedRecording } from "../../support/coded-recording.ts";
import { forgetfulStore } from "../../support/forgetful-store.ts";

export type FromOrigin = { port: number } | PublishedPart;

export interface PublishedPart {
	name: string;
	/** Since the Unix epoch, as a fraction of milliseconds. */
	publishedMs: number;
	sha256: string;
}

const FRAME_RATE = 30;
const RECORDING_FRAMES = 60;
/** Whole numbers: what lies between two of them comes once. */
const STEP_MS = 20;
/** As if it had run for a while. */
const HISTORY_MS = 70_000;

const bitrate = Number(process.argv[2]);
const send = (message: FromOrigin) => process.send?.(message);
const metrics = new Registry();
const origin = new Origin({
	log: createLog({ level: "warn", pretty: false }),
	clock: systemClock,
	metrics,
});
const stream = origin.open("bench");
const app = fastify({ forceCloseConnections: true });
await app.register(origin.plugin);
app.get("/metrics", () => metrics.metrics());
await app.listen({ host: "127.0.0.1", port: 0, backlog: 4_096 });

const video = { kind: "video", name: "720p", width: 1280, height: 720, frameRate: FRAME_RATE } as const;
const tracks: TrackConfig[] = [
	{ ...video, maxBitrate: 2 * bitrate, avcC: "AUIAHg==" },
	{ kind: "audio", sampleRate: 48_000, channels: 2, maxBitrate: 128_000, audioSpecificConfig: "EZA=" },
];
const frameOf = (bytes: number) => (_: unknown, index: number) => Buffer.alloc(bytes, index);
const recording = new CodedRecording(tracks, [
	Array.from({ length: RECORDING_FRAMES }, frameOf(Math.round(bitrate / 8 / FRAME_RATE))),
	Array.from({ length: RECORDING_FRAMES }, frameOf(300)),
]);
let listening = false;
const packager = new Packager({
	epoch: "e",
	windowSeconds: 60,
	timeline: undefined,
	store: forgetfulStore,
	publish: (publication) => {
		const publishedMs = performance.timeOrigin + performance.now();
		stream.publish(publication);
		if (!listening) return;
		const parts = publication.renditions[0]?.added.filter(({ name }) => name.startsWith("part-")) ?? [];
		for (const { name, chunks } of parts) {
			const sha256 = createHash("sha256").update(Buffer.concat(chunks)).digest("hex");
			send({ name, publishedMs, sha256 });
		}
	},
});
const startsAtMs = Date.now() - HISTORY_MS;
packager.startRun({ run: 1, startsAtMs, tracks: recording.tracks });
let playedMs = 0;
function play(untilMs: number): void {
	for (; playedMs < untilMs; playedMs += STEP_MS)
		for (const frame of recording.between(playedMs, playedMs + STEP_MS)) packager.add(frame);
}
play(HISTORY_MS);
listening = true;
const playing = setInterval(() => play(Date.now() - startsAtMs), STEP_MS);
process.once("disconnect", () => {
	clearInterval(playing);
	process.exit();
});
send({ port: (app.server.address() as { port: number }).port });

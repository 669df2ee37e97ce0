import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { CodedFrameReader } from "../coded-frames.ts";
import { ladderOf } from "../ladder.ts";
import { flvStart, flvVideo } from "../outputs/flv-writer.ts";
import { pictureBytes, programmeFormat } from "../programme-format.ts";
import type { RecordedRun } from "../test-support/programme-process.ts";
import { Encoder } from "./encoder.ts";

const ladder = ladderOf([720, 360]);
const TICK_MS = 1000 / programmeFormat.frameRate;
const PATIENCE = { timeout: 20_000, interval: 10 };
const grey = { data: Buffer.alloc(pictureBytes(ladder[0]), 128), retain() {}, release() {} };

let directory: string;
let encoder: Encoder;
let runs: RecordedRun[];
let lost: string[];
let pids: number[];
let pushed: number;
let ticking: NodeJS.Timeout;

beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), "encoder-"));
	const reader = new CodedFrameReader();
	runs = [];
	lost = [];
	pids = [];
	pushed = 0;
	const coded = (record: Buffer) => {
		for (const item of reader.push(record)) {
			if ("run" in item) runs.push({ ...item.run, frames: item.run.tracks.map(() => []) });
			else runs.at(-1)?.frames[item.frame.track]?.push(item.frame);
		}
	};
	const events = { started: (pid: number) => pids.push(pid), lost: (reason: string) => lost.push(reason), coded };
	encoder = new Encoder({ socketDir: directory, encoder: "x264", ladder }, { log: pino({ level: "silent" }), events });
	const sound = new Float32Array(programmeFormat.samplesPerTick * programmeFormat.channels);
	ticking = setInterval(() => {
		encoder.push({ captureMs: pushed * TICK_MS, picture: grey, sound });
		pushed++;
	}, TICK_MS);
});

afterEach(async () => {
	clearInterval(ticking);
	encoder.close();
	await rm(directory, { recursive: true });
});

function frames(run: number, track: number) {
	return runs[run]?.frames[track] ?? [];
}

/** What ffprobe finds in a track: size, shape of a pixel, colours. */
async function sizeOf(run: number, track: number): Promise<string> {
	const config = runs[run]?.tracks[track];
	if (config?.kind !== "video") throw new Error("no video");
	const path = join(directory, `${run}-${track}.flv`);
	const start = { avcC: Buffer.from(config.avcC, "base64"), audioSpecificConfig: Buffer.from("1190", "hex") };
	const tags = frames(run, track).map(({ keyframe, data }, index) => flvVideo(index * 33, keyframe, data));
	await writeFile(path, Buffer.concat([flvStart(start), ...tags]));
	const entries = "stream=width,height,sample_aspect_ratio,color_space";
	const { stdout } = await promisify(execFile)("ffprobe", [
		"-v",
		"error",
		"-select_streams",
		"v",
		"-show_entries",
		entries,
		"-of",
		"json",
		path,
	]);
	const [stream] = JSON.parse(stdout).streams;
	return `${stream.width}x${stream.height} ${stream.sample_aspect_ratio} ${stream.color_space}`;
}

/** Capture time of the frame, in ticks. */
function tickOf(run: number, pts: number | undefined): number {
	return Math.round((runs[run]?.startsAtMs ?? Number.NaN) / TICK_MS) + (pts ?? Number.NaN);
}

it("hands over to an encoder of another care without a tick missing or coming twice", async () => {
	await vi.waitFor(() => expect(frames(0, 1).length).toBeGreaterThan(70), PATIENCE);
	encoder.setEffort({ topRung: true, care: "low" });
	await vi.waitFor(() => expect(frames(1, 1).length).toBeGreaterThan(70), PATIENCE);
	expect(runs.map(({ run }) => run)).toEqual([1, 2]);
	expect(lost).toEqual([]);
	for (const track of [0, 1]) {
		for (const run of [0, 1]) {
			const first = frames(run, track)[0]?.pts ?? 0;
			expect(frames(run, track).map(({ pts }) => pts)).toEqual(frames(run, track).map((_, index) => first + index));
			const keyframes = frames(run, track).filter(({ keyframe }) => keyframe);
			expect(keyframes.map(({ pts }) => pts - first)).toEqual(keyframes.map((_, index) => index * 60));
		}
		expect(tickOf(1, frames(1, track)[0]?.pts)).toBe(tickOf(0, frames(0, track).at(-1)?.pts) + 1);
	}
	const profiles = runs.map(
		({ tracks: [top] }) => top?.kind === "video" && Buffer.from(top.avcC, "base64").readUInt8(1),
	);
	expect(profiles).toEqual([100, 100]);
}, 60_000);

it("goes on without the top rung, its track fed by the second, and takes it up again", async () => {
	await vi.waitFor(() => expect(frames(0, 1).length).toBeGreaterThan(30), PATIENCE);
	encoder.setEffort({ topRung: false, care: "full" });
	await vi.waitFor(() => expect(frames(1, 1).length).toBeGreaterThan(30), PATIENCE);
	encoder.setEffort({ topRung: true, care: "full" });
	await vi.waitFor(() => expect(frames(2, 1).length).toBeGreaterThan(30), PATIENCE);
	expect(lost).toEqual([]);
	const tops = runs.map(({ tracks: [top] }) => top?.kind === "video" && [top.name, top.width, top.height]);
	expect(tops).toEqual([
		["720p", 1280, 720],
		["720p", 640, 360],
		["720p", 1280, 720],
	]);
	expect(frames(1, 0).slice(0, 30)).toEqual(
		frames(1, 1)
			.map((frame) => ({ ...frame, track: 0 }))
			.slice(0, 30),
	);
	for (const run of [1, 2]) {
		for (const track of [0, 1]) {
			const last = frames(run - 1, track).at(-1)?.pts;
			expect(tickOf(run, frames(run, track)[0]?.pts)).toBe(tickOf(run - 1, last) + 1);
		}
		expect(await sizeOf(run, 0)).toBe(run === 1 ? "640x360 1:1 bt709" : "1280x720 1:1 bt709");
	}
	expect(await sizeOf(0, 1)).toBe("640x360 1:1 bt709");
}, 60_000);

it("knows how far behind the encoder is", async () => {
	await vi.waitFor(() => expect(frames(0, 1).length).toBeGreaterThan(30), PATIENCE);
	await vi.waitFor(() => expect(encoder.backlog).toBeLessThan(5), PATIENCE);
	const [pid] = pids as [number];
	process.kill(pid, "SIGSTOP");
	await vi.waitFor(() => expect(encoder.backlog).toBeGreaterThan(20), PATIENCE);
	process.kill(pid, "SIGCONT");
	await vi.waitFor(() => expect(encoder.backlog).toBeLessThan(5), PATIENCE);
	expect(lost).toEqual([]);
	expect(runs).toHaveLength(1);
}, 60_000);

/**
 * What it costs to compose and encode a programme of 1 to 16 cameras (720p30, VP8, with sound) at the default ladder. For
 * each number of people, in cores:
 *
 * - `compositor`, `encoder`: Rostrum's process of the programme, and its ffmpeg
 * - `floor`: ffmpeg decoding the same inputs, sound as well, and scaling them to the sizes of their tiles, nothing else
 * - `chromium`: headless composing as others do it: Chromium with the same cameras in a page on Xvfb, grabbed by ffmpeg
 *   into I420, without any encoding
 *
 * Options: --people 1,4,6,9,16, --seconds 15, --ladder 1080,720,480,240, --no-chromium.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { plainBrand } from "../../core/protocol/brand.ts";
import { emptyScene, type Scene } from "../../core/protocol/scene.ts";
import { layOut } from "../../transcoder/compose/layout.ts";
import { ladderOf } from "../../transcoder/ladder.ts";
import { programmeFormat } from "../../transcoder/programme-format.ts";
import { Publisher, TestFeed } from "../../transcoder/test-support/feed.ts";
import { ProgrammeProcess } from "../../transcoder/test-support/programme-process.ts";
import { isRunning } from "../support/processes.ts";
import { type CameraClip, makeCameraClips } from "./support/camera-clips.ts";
import { showInChromium } from "./support/chromium-compositor.ts";
import { cpuSeconds } from "./support/process-usage.ts";
import { printRow, round } from "./support/row.ts";

const { values } = parseArgs({
	allowNegative: true,
	options: {
		people: { type: "string", default: "1,4,6,9,16" },
		seconds: { type: "string", default: "15" },
		ladder: { type: "string", default: "1080,720,480,240" },
		chromium: { type: "boolean", default: true },
	},
});
const seconds = Number(values.seconds);
const ladder = ladderOf(values.ladder.split(",").map(Number));
const WARM_UP_MS = 5_000;
/** For what stands beside it: hardly anything changes there. */
const BESIDE_SECONDS = Math.min(seconds, 15);
/** Different ones; with more people they repeat. */
const CLIPS = 4;

const now = () => performance.timeOrigin + performance.now();
const directory = await mkdtemp(join(tmpdir(), "compose-"));
try {
	const clips = await makeCameraClips(CLIPS, directory);
	for (const count of values.people.split(",").map(Number)) {
		const shown = Array.from({ length: count }, (_, index) => clips[index % CLIPS] as CameraClip);
		const ours = await composeByRostrum(shown);
		const floor = await decodeAndScale(shown);
		const chromium = values.chromium ? await composeByChromium(shown) : undefined;
		printRow("compose", {
			people: count,
			ladder: values.ladder,
			...ours,
			floor,
			compositorByFloor: round(ours.compositor / floor, 2),
			...(chromium && { chromium, compositorByChromium: round(ours.compositor / chromium, 2) }),
		});
	}
} finally {
	await rm(directory, { recursive: true, force: true });
}

function sceneOf(count: number): Scene {
	const people = Array.from({ length: count }, (_, index) => {
		const personId = `p-${String(index).padStart(12, "a")}`;
		return { personId, source: "camera" as const, name: `Person ${index + 1}`, title: "", video: true };
	});
	return { ...emptyScene({ webinarId: "abcdefghijkl", version: 1, title: "Composing" }), people };
}

async function composeByRostrum(clips: CameraClip[]) {
	const feed = await TestFeed.listen(join(directory, "feed"));
	const programme = new ProgrammeProcess();
	try {
		const scene = sceneOf(clips.length);
		for (const [index, { personId }] of scene.people.entries())
			feed.publishers.set(personId, new Publisher(clips[index]?.recordings ?? [], { now }));
		const feedPath = join(directory, "feed");
		programme.send({ type: "start", feedPath, runDir: directory, ladder, scene, brand: plainBrand });
		const gone = programme.exited.then((code) => Promise.reject(new Error(`exit ${code}\n${programme.log.join("")}`)));
		await Promise.race([gone, programme.when(() => programme.runs.length > 0)]);
		gone.catch(() => {}); // it is ended below
		await delay(WARM_UP_MS);
		const encoderPid = programme.messages.findLast((message) => message.type === "encoder-started")?.pid ?? 0;
		const runsBefore = programme.runs.length;
		const frames = () => programme.runs.at(-1)?.frames[0]?.length ?? 0;
		const framesBefore = frames();
		const said = programme.messages.length;
		const [compositor, encoder] = await coresOf(seconds, [programme.pid], [encoderPid]);
		const framesPerSecond = round((frames() - framesBefore) / seconds, 1);
		const loads = programme.messages.slice(said).flatMap((message) => (message.type === "load" ? [message] : []));
		const ticks = seconds * programmeFormat.frameRate;
		const share = (what: (load: (typeof loads)[number]) => number) =>
			round((100 * loads.reduce((sum, load) => sum + what(load), 0)) / ticks, 2);
		programme.send({ type: "end" });
		await programme.exited;
		return {
			compositor: compositor ?? Number.NaN,
			encoder: encoder ?? Number.NaN,
			programme: round((compositor ?? 0) + (encoder ?? 0), 3),
			framesPerSecond,
			newRuns: programme.runs.length - runsBefore,
			latePercent: share(({ lateTicks }) => lateTicks),
			repeatedPercent: share(({ repeatedPictures }) => repeatedPictures),
			shed: [...new Set(loads.map(({ shedding }) => shedding))].join(" "),
		};
	} finally {
		programme.kill();
		feed.close();
	}
}

/** Without composing: nobody can do with less. */
async function decodeAndScale(clips: CameraClip[]): Promise<number> {
	const [canvas] = ladder;
	const placements = layOut(sceneOf(clips.length), undefined, canvas);
	const inputs = clips.flatMap(({ path }) => ["-threads", "1", "-re", "-stream_loop", "-1", "-i", path]);
	const outputs = placements.flatMap(({ rect }, index) => {
		const scale = `scale=${rect.width}:${rect.height}:force_original_aspect_ratio=increase:force_divisible_by=2:flags=bilinear`;
		return ["-map", `${index}:v`, "-map", `${index}:a`, "-vf", scale, "-f", "null", "-"];
	});
	return await coresOfProcess(spawn("ffmpeg", ["-v", "error", "-nostdin", ...inputs, ...outputs], { stdio: "ignore" }));
}

async function composeByChromium(clips: CameraClip[]): Promise<number> {
	const [canvas] = ladder;
	const shown = await showInChromium(
		clips.map(({ path }) => path),
		canvas,
	);
	try {
		await delay(WARM_UP_MS);
		const [cores] = await coresOf(BESIDE_SECONDS, await shown.pids());
		return cores ?? Number.NaN;
	} finally {
		await shown.close();
	}
}

async function coresOfProcess(child: ChildProcess): Promise<number> {
	const exited = once(child, "exit");
	try {
		await delay(WARM_UP_MS);
		const [cores] = await coresOf(BESIDE_SECONDS, [child.pid ?? 0]);
		return cores ?? Number.NaN;
	} finally {
		child.kill("SIGKILL");
		await exited;
	}
}

/** Cores that each group of processes uses over so many seconds. */
async function coresOf(seconds: number, ...groups: number[][]): Promise<number[]> {
	const used = () => groups.map((pids) => pids.filter(isRunning).reduce((sum, pid) => sum + cpuSeconds(pid), 0));
	const before = used();
	const startedMs = performance.now();
	await delay(seconds * 1000);
	const passedS = (performance.now() - startedMs) / 1000;
	return used().map((after, index) => round((after - (before[index] ?? 0)) / passedS, 3));
}

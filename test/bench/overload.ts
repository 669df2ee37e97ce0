/**
 * How a programme of four moving cameras gets on when other processes want the machine's cores too: how far its coded output
 * is behind real time, and how often its encoder is replaced. A row for each
 * phase: alone, beside the busy loops, and alone again. Options: --loops 12, --seconds 40.
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
import { ladderOf } from "../../transcoder/ladder.ts";
import { MIN_PLAYOUT_DELAY_MS } from "../../transcoder/source/playout-delay.ts";
import { Publisher, record, TestFeed } from "../../transcoder/test-support/feed.ts";
import { ProgrammeProcess } from "../../transcoder/test-support/programme-process.ts";
import { percentile, printRow, round } from "./support/row.ts";

const SAMPLE_INTERVAL_MS = 100;
const WARM_UP_S = 5;
const SMALL_RUNG = 1;

const { values } = parseArgs({
	options: { loops: { type: "string", default: "12" }, seconds: { type: "string", default: "40" } },
});
const loops = Number(values.loops);
const seconds = Number(values.seconds);

const now = () => performance.timeOrigin + performance.now();
const people = ["p-aaaaaaaaaaaa", "p-bbbbbbbbbbbb", "p-cccccccccccc", "p-dddddddddddd"];
const directory = await mkdtemp(join(tmpdir(), "overload-"));
const feed = await TestFeed.listen(join(directory, "feed"));
const programme = new ProgrammeProcess();
const hogs: ChildProcess[] = [];
try {
	for (const [index, personId] of people.entries()) {
		const recordings = [
			await record("VP8", `testsrc2=s=640x360:r=30,scroll=horizontal=0.01,noise=alls=8:allf=t,hue=h=${index * 90}`),
			await record("opus", `sine=f=${500 + 300 * index}:r=48000`),
		];
		feed.publishers.set(personId, new Publisher(recordings, { now }));
	}
	const scene: Scene = {
		...emptyScene({ webinarId: "abcdefghijkl", version: 1, title: "Overload" }),
		people: people.map((personId) => ({ personId, source: "camera" as const, name: personId, title: "", video: true })),
	};
	programme.send({
		type: "start",
		feedPath: join(directory, "feed"),
		runDir: directory,
		ladder: ladderOf([720, 360]),
		scene,
		brand: plainBrand,
	});
	await programme.when(() => programme.runs.length > 0);
	await delay(WARM_UP_S * 1000);
	await measure("alone", 10);
	for (let i = 0; i < loops; i++) hogs.push(spawn(process.execPath, ["-e", "for(;;);"], { stdio: "ignore" }));
	await measure("overload", seconds);
	await endHogs();
	await measure("alone again", 15);
	programme.send({ type: "end" });
	await programme.exited;
} finally {
	await endHogs();
	programme.kill();
	feed.close();
	await rm(directory, { recursive: true, force: true });
}

async function endHogs(): Promise<void> {
	for (const hog of hogs.splice(0)) {
		hog.kill("SIGKILL");
		await once(hog, "exit");
	}
}

async function measure(phase: string, durationS: number): Promise<void> {
	const lost = () => programme.messages.filter(({ type }) => type === "encoder-lost").length;
	const before = { lost: lost(), runs: programme.runs.length, frames: codedFrames() };
	const said = programme.messages.length;
	const behind: number[] = [];
	const shed: string[] = [];
	const endAt = now() + durationS * 1000;
	while (now() < endAt) {
		const load = loads(0).at(-1);
		const seen = `${load?.shedding} from ${round(durationS - (endAt - now()) / 1000, 1)} s`;
		if (load && load.shedding !== shed.at(-1)?.split(" ")[0]) shed.push(seen);
		behind.push(now() - programme.encodedUntilMs() - MIN_PLAYOUT_DELAY_MS);
		await delay(SAMPLE_INTERVAL_MS);
	}
	const result = {
		phase,
		loops: hogs.length,
		behindP50Ms: Math.round(percentile(behind, 0.5)),
		behindP95Ms: Math.round(percentile(behind, 0.95)),
		behindMaxMs: Math.round(Math.max(...behind)),
		maxBacklogFrames: Math.max(...loads(said).map(({ backlogFrames }) => backlogFrames)),
		encodersLost: lost() - before.lost,
		newRuns: programme.runs.length - before.runs,
		framesPerSecond: round((codedFrames() - before.frames) / durationS, 1),
		shed: shed.join(", "),
	};
	printRow("overload", result);
}

/** What the programme said of its load, from one message on. */
function loads(from: number) {
	return programme.messages.slice(from).flatMap((message) => (message.type === "load" ? [message] : []));
}

function codedFrames(): number {
	return programme.runs.reduce((sum, { frames }) => sum + (frames[SMALL_RUNG]?.length ?? 0), 0);
}

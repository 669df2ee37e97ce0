/**
 * How far sound and picture of six people are apart in a programme: each publisher flashes white and beeps at the same
 * moment, once a second, each from another moment on; sound and video take unequal times to the programme, and one
 * publisher's clock is 200 ppm fast. People leave and come back, and share their screens, 20 times in all. After that of
 * each minute, flash and beep are found in the decoded output: at the person's tile, in the person's tone. A row for each
 * minute, and one for the worst of all, in ms (sound after picture; null where they were not found). Options: --minutes 30.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { plainBrand } from "../../core/protocol/brand.ts";
import { emptyScene, type Scene, type ScenePerson, tileKey } from "../../core/protocol/scene.ts";
import { layOut } from "../../transcoder/compose/layout.ts";
import { ladderOf } from "../../transcoder/ladder.ts";
import { decodePictures, decodeSound } from "../../transcoder/test-support/decode-run.ts";
import { Publisher, record, TestFeed } from "../../transcoder/test-support/feed.ts";
import { ProgrammeProcess, type RecordedRun } from "../../transcoder/test-support/programme-process.ts";
import { SOUND_RATE } from "../support/decode-media.ts";
import { avOffsetMs } from "../support/measure-av-offset.ts";
import { type Area, flashTimes } from "../support/measure-picture.ts";
import { beepTimes } from "../support/measure-sound.ts";
import { printRow, round } from "./support/row.ts";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "30" } } });
const minutes = Number(values.minutes);

const PEOPLE = 6;
const FAST_PERSON = 5;
const FAST = 1.0002;
/** Flashes and beeps of the others are in between. */
const START_INTERVAL_MS = 160;
const TOGGLES = 20;
const TOGGLE_MS = 1500;
/** Whoever came back last is seen and heard again. */
const SETTLE_MS = 2000;
const MINUTE_MS = 60_000;
/** Measured of each minute, at least. */
const LEAST_MS = 15_000;
const ladder = ladderOf([360, 240]);
const SMALL_RUNG = 1;

const now = () => performance.timeOrigin + performance.now();
const toneHz = (index: number) => 600 + 500 * index;
const people = Array.from(
	{ length: PEOPLE },
	(_, index): ScenePerson => ({
		personId: `p-${String(index).repeat(12)}`,
		source: "camera",
		name: `Person ${index + 1}`,
		title: "",
		video: true,
	}),
);
let version = 1;

const directory = await mkdtemp(join(tmpdir(), "av-sync-"));
const feed = await TestFeed.listen(join(directory, "feed"));
const programme = new ProgrammeProcess();
try {
	await publish();
	programme.send({
		type: "start",
		feedPath: join(directory, "feed"),
		runDir: directory,
		ladder,
		scene: sceneOf(people),
		brand: plainBrand,
	});
	await programme.when(() => programme.runs.length > 0);
	const worst = people.map(() => 0);
	const startMs = now();
	for (let minute = 1; minute <= minutes; minute++) {
		const endMs = startMs + minute * MINUTE_MS;
		const until = Math.round((TOGGLES * minute) / minutes);
		for (let toggle = Math.round((TOGGLES * (minute - 1)) / minutes); toggle < until; toggle++) await toggleOne(toggle);
		const offsets = await measure(now() + SETTLE_MS, Math.max(endMs, now() + SETTLE_MS + LEAST_MS));
		for (const [index, offset] of offsets.entries()) {
			if (!(Math.abs(worst[index] ?? 0) > Math.abs(offset))) worst[index] = offset;
		}
		printRow("av-sync", { minute, ...byPerson(offsets) });
	}
	printRow("av-sync", {
		minutes,
		toggles: TOGGLES,
		fastPerson: FAST_PERSON + 1,
		runs: programme.runs.length,
		...byPerson(worst),
	});
} finally {
	programme.kill();
	feed.close();
	await rm(directory, { recursive: true, force: true });
}

async function publish(): Promise<void> {
	const video = `color=0x283CBE:s=640x360:r=30,drawbox=color=white:t=fill:enable='lt(mod(t,1),0.1)'`;
	const pictures = [await record("VP8", video), await record("H264", video)];
	const startMs = now();
	for (const [index, { personId }] of people.entries()) {
		const sound = await record("opus", `aevalsrc='0.4*sin(2*PI*${toneHz(index)}*t)*lt(mod(t\\,1)\\,0.1)':s=48000`);
		const speed = index === FAST_PERSON ? FAST : 1;
		const clock = () => startMs + START_INTERVAL_MS * index + (now() - startMs) * speed;
		const recordings = [pictures[index % pictures.length], sound].flatMap((recording) => recording ?? []);
		feed.publishers.set(personId, new Publisher(recordings, { now: clock }));
	}
}

function byPerson(offsets: number[]): Record<string, number> {
	return Object.fromEntries(offsets.map((offset, index) => [`person${index + 1}`, round(offset, 1)]));
}

function sceneOf(shown: ScenePerson[], kind: Scene["layout"]["kind"] = "grid"): Scene {
	const scene = emptyScene({ webinarId: "abcdefghijkl", version: version++, title: "In sync" });
	return { ...scene, people: shown, layout: { kind, pinned: null } };
}

/** Somebody leaves and comes back, or shares a screen for a moment. */
async function toggleOne(toggle: number): Promise<void> {
	const index = toggle % PEOPLE;
	const person = people[index] as ScenePerson;
	const scene =
		Math.floor(toggle / PEOPLE) % 2 === 0
			? sceneOf(people.filter((other) => other !== person))
			: sceneOf([{ ...person, source: "screen" }, ...people], "screen-and-speakers");
	programme.send({ type: "scene", scene });
	await programme.encoded(now() + TOGGLE_MS);
	programme.send({ type: "scene", scene: sceneOf(people) });
	await programme.encoded(now() + TOGGLE_MS);
}

/** For each person, how much later the sound is than the picture, of what was captured from one time to another. */
async function measure(fromMs: number, toMs: number): Promise<number[]> {
	await programme.encoded(toMs);
	const run = programme.runs.at(-1);
	if (!run) throw new Error("nothing was encoded");
	const fromS = Math.max(0, (fromMs - run.startsAtMs) / 1000);
	const part = cut(run, fromS);
	const [frames, { samples }] = await Promise.all([decodePictures(part, SMALL_RUNG, fromS), decodeSound(part)]);
	const sound = { startS: firstSoundS(part), samples };
	const places = layOut(sceneOf(people), undefined, ladder[0]);
	return people.map((person, index) => {
		const rect = places.find(({ key }) => key === tileKey(person))?.rect;
		if (!rect) throw new Error(`no place for ${person.name}`);
		const area: Area = {
			x: (rect.x + rect.width * 0.25) / ladder[0].width,
			y: (rect.y + rect.height * 0.2) / ladder[0].height,
			width: (rect.width * 0.5) / ladder[0].width,
			height: (rect.height * 0.4) / ladder[0].height,
		};
		try {
			return avOffsetMs(flashTimes(frames, area), beepTimes(sound, toneHz(index)));
		} catch (error) {
			process.stderr.write(`${person.name}: ${(error as Error).message}\n`);
			return Number.POSITIVE_INFINITY;
		}
	});
}

/** What is needed from then on; the rest is let go, since half an hour is much. */
function cut(run: RecordedRun, fromS: number): RecordedRun {
	for (const [index, track] of run.tracks.entries()) {
		const frames = run.frames[index] ?? [];
		const first =
			track.kind === "audio"
				? frames.findIndex(({ pts }) => pts >= fromS * SOUND_RATE)
				: frames.findLastIndex(({ keyframe, pts }) => keyframe && pts <= fromS * track.frameRate);
		frames.splice(0, Math.max(0, first));
	}
	return run;
}

function firstSoundS(run: RecordedRun): number {
	const track = run.tracks.findIndex(({ kind }) => kind === "audio");
	return (run.frames[track]?.[0]?.pts ?? 0) / SOUND_RATE;
}

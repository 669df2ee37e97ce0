import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { plainBrand } from "../../core/protocol/brand.ts";
import { emptyScene, type Scene } from "../../core/protocol/scene.ts";
import { gridRects } from "../../transcoder/compose/grid.ts";
import { ladderOf } from "../../transcoder/ladder.ts";
import { programmeFormat } from "../../transcoder/programme-format.ts";
import { MAX_PLAYOUT_DELAY_MS, MIN_PLAYOUT_DELAY_MS } from "../../transcoder/source/playout-delay.ts";
import { decodePictures, decodeSound } from "../../transcoder/test-support/decode-run.ts";
import { Publisher, type Recording, record, TestFeed } from "../../transcoder/test-support/feed.ts";
import { ProgrammeProcess } from "../../transcoder/test-support/programme-process.ts";
import { deadline } from "../support/deadline.ts";
import { type Frame, SOUND_RATE } from "../support/decode-media.ts";
import { avOffsetMs } from "../support/measure-av-offset.ts";
import { type Area, findColour, flashTimes, meanColour } from "../support/measure-picture.ts";
import { beepTimes, loudness, toneShare } from "../support/measure-sound.ts";
import { isRunning } from "../support/processes.ts";
import type { Rgb } from "../support/solid-picture.ts";

const ADA = { personId: "p-aaaaaaaaaaaa", name: "Ada Lovelace", colour: [190, 40, 40] as Rgb, toneHz: 600, level: 21 };
const BEA = { personId: "p-bbbbbbbbbbbb", name: "Bea", colour: [40, 60, 190] as Rgb, toneHz: 1000 };
const CAM = { personId: "p-cccccccccccc", name: "Cam Without Camera" };

/** One picture may stand for half a tick more or less (17 ms); the rest is the resolution of the measurement. */
const AV_OFFSET_LIMIT_MS = 30;
/** The least delay of the way is not known to the receiver, Opus looks 6.5 ms ahead, a picture lasts 33 ms, and late packets are waited for. */
const CAPTURE_TIME_LIMIT_MS = 90 + MAX_PLAYOUT_DELAY_MS - MIN_PLAYOUT_DELAY_MS;
/** Of the sound's energy. A recording that begins again, and packets late on a busy machine, cost some of it. */
const PURE = 0.7;
/** With the seam in it where the process stopped. */
const HALF = 0.5;
const HEARD = 0.1;
/** Anything that a busy machine may take; a test that waits longer has failed. */
const PATIENCE_MS = 40_000;
const SMALL_RUNG = 1;
const ladder = ladderOf([720, 360]);
const [canvas] = ladder;

const now = () => performance.timeOrigin + performance.now();
let directory: string;
let feed: TestFeed;
let recordings: { ada: Recording[]; bea: Recording[] };
let ada: Publisher;
let bea: Publisher;
let programme: ProgrammeProcess;
let version = 0;

function sceneOf(...people: { personId: string; name: string }[]): Scene {
	const known = people.map(({ personId, name }) => ({
		personId,
		source: "camera" as const,
		name,
		title: "",
		video: true,
	}));
	return {
		...emptyScene({ webinarId: "abcdefghijkl", version: version++, title: "A programme under test" }),
		people: known,
	};
}

function show(...people: { personId: string; name: string }[]): void {
	programme.send({ type: "scene", scene: sceneOf(...people) });
}

function patiently<T>(promise: Promise<T>, what: string): Promise<T> {
	return deadline(promise, PATIENCE_MS, () => `${what} did not come. Log:\n${programme.log.join("")}`);
}

/** Waits until what is captured in the next `durationMs` is encoded, however far behind the encoder is. Returns their end. */
async function more(durationMs: number): Promise<number> {
	const endMs = now() + durationMs;
	await patiently(programme.encoded(endMs), `${durationMs} ms more`);
	return endMs;
}

/** What the newest run showed from one capture time to another, timed from the first. */
async function shown(fromMs: number, toMs: number) {
	const run = programme.runs.at(-1);
	if (!run) throw new Error("nothing was encoded");
	const within = (atS: number) => run.startsAtMs + atS * 1000 >= fromMs && run.startsAtMs + atS * 1000 < toMs;
	const moved = (fromMs - run.startsAtMs) / 1000;
	const [pictures, { samples: sound }] = await Promise.all([decodePictures(run, SMALL_RUNG, moved), decodeSound(run)]);
	const frames = pictures.filter(({ atS }) => within(atS));
	const samples = sound.slice(
		Math.round(moved * SOUND_RATE),
		Math.round(((toMs - run.startsAtMs) / 1000) * SOUND_RATE),
	);
	return { frames: frames.map(({ atS, rgb }) => ({ atS: atS - moved, rgb })), sound: { startS: 0, samples } };
}

/** Waits for `durationMs` more, and has their last `lastMs`. */
async function shownAfter(durationMs: number, lastMs: number) {
	const endMs = await more(durationMs);
	return await shown(endMs - lastMs, endMs);
}

function lastOf(frames: Frame[]): Frame {
	const last = frames.at(-1);
	if (!last) throw new Error("no frames");
	return last;
}

function tileArea(index: number, count: number, inset = 0.15): Area {
	const rect = gridRects(count, canvas)[index] ?? { x: 0, y: 0, width: 0, height: 0 };
	return {
		x: (rect.x + rect.width * inset) / canvas.width,
		y: (rect.y + rect.height * inset) / canvas.height,
		width: (rect.width * (1 - 2 * inset)) / canvas.width,
		height: (rect.height * (1 - 2 * inset)) / canvas.height,
	};
}

/** Waits until a publisher of the feed was asked for by the programme and could be seen. */
async function arrived(publisher: Publisher): Promise<void> {
	await patiently(
		programme.when(() => publisher.listeners > 0),
		"a connection to the feed",
	);
}

beforeAll(async () => {
	directory = await mkdtemp(join(tmpdir(), "programme-"));
	const flash = `drawbox=color=white:t=fill:enable='lt(mod(t,1),0.1)'`;
	const [red, low, blue, beep] = await Promise.all([
		record("VP8", "color=0xBE2828:s=640x360:r=30"),
		record("opus", `sine=f=${ADA.toneHz}:r=48000`),
		record("H264", `color=0x283CBE:s=640x360:r=30,${flash}`),
		record("opus", `aevalsrc='0.4*sin(2*PI*${BEA.toneHz}*t)*lt(mod(t,1),0.1)':s=48000`),
	]);
	recordings = { ada: [red, low], bea: [blue, beep] };
	feed = await TestFeed.listen(join(directory, "feed"));
	ada = new Publisher(recordings.ada, { now });
	bea = new Publisher(recordings.bea, { now });
	feed.publishers.set(ADA.personId, ada);
	feed.publishers.set(BEA.personId, bea);
	programme = new ProgrammeProcess();
	programme.send({
		type: "start",
		feedPath: join(directory, "feed"),
		runDir: directory,
		ladder,
		scene: sceneOf(),
		brand: plainBrand,
	});
	await patiently(
		programme.when(() => programme.runs.length > 0),
		"the first run",
	);
}, 90_000);

afterEach(({ task }) => {
	if (task.result?.state === "fail") console.error(programme.log.slice(-40).join(""));
});

afterAll(async () => {
	programme?.kill();
	feed?.close();
	await rm(directory, { recursive: true, force: true });
});

test("a slate with the title, and silence, while nobody is on air", async () => {
	const { frames, sound } = await shownAfter(1200, 1000);
	expect(frames.length).toBeGreaterThanOrEqual(29);
	const picture = lastOf(frames);
	expect(Math.max(...meanColour(picture, { x: 0, y: 0, width: 1, height: 0.3 }))).toBeLessThan(45);
	const letters = findColour(picture, [244, 246, 250]);
	expect(letters.share).toBeGreaterThan(0.005);
	expect(letters.x).toBeCloseTo(0.5, 1);
	expect(letters.y).toBeCloseTo(0.55, 1); // below the words that tell what is going on
	expect(loudness(sound)).toBeLessThan(0.0005);
});

test("two people, one of VP8 and one of H.264, each at their place and heard", async () => {
	show(ADA, BEA);
	await Promise.all([arrived(ada), arrived(bea)]);
	const { frames, sound } = await shownAfter(3500, 1000);
	expect(ada.keyframeRequests).toBeGreaterThan(0);
	for (const [index, { colour }] of [ADA, BEA].entries()) {
		const { x, y } = centre(tileArea(index, 2, 0));
		const places = frames.map((frame) => findColour(frame, colour)).filter(({ share }) => share > 0.2);
		expect(places.length).toBeGreaterThan(20);
		expect(places[0]?.x).toBeCloseTo(x, 1);
		expect(places[0]?.y).toBeCloseTo(y, 1);
	}
	expect(toneShare(sound, ADA.toneHz)).toBeGreaterThan(HEARD);
	expect(toneShare(sound, BEA.toneHz)).toBeGreaterThan(HEARD);
	expect(toneShare(sound, ADA.toneHz) + toneShare(sound, BEA.toneHz)).toBeGreaterThan(PURE);
	const told = programme.messages
		.flatMap((message) => (message.type === "loudness" ? [message.levels] : []))
		.slice(-10);
	for (const levels of told) expect(levels.map(({ personId }) => personId)).toEqual([ADA.personId, BEA.personId]);
	expect(told.map(([own]) => own?.level ?? 127).sort((a, b) => a - b)[5]).toBe(ADA.level);
	// Every fifth of a second on its own: one of five has her beep.
	expect(Math.min(...told.map(([, own]) => own?.level ?? 0))).toBeLessThan(20);
	expect(told.filter(([, own]) => (own?.level ?? 0) > 50).length).toBeGreaterThanOrEqual(5);
});

test("flash and beep stay together, at the time of their capture", async () => {
	const endMs = await more(4200);
	const startMs = endMs - 4200;
	const { frames, sound } = await shown(startMs, endMs);
	const flashes = flashTimes(frames, tileArea(1, 2));
	const beeps = beepTimes(sound, BEA.toneHz);
	expect(flashes.length).toBeGreaterThanOrEqual(3);
	expect(Math.abs(avOffsetMs(flashes, beeps))).toBeLessThan(AV_OFFSET_LIMIT_MS);
	for (const beep of beeps) {
		const lateMs = (startMs + beep * 1000 - bea.startedAtMs) % 1000;
		expect(lateMs).toBeGreaterThan(0);
		expect(lateMs).toBeLessThan(CAPTURE_TIME_LIMIT_MS);
	}
});

test("somebody without video has their name in their tile", async () => {
	show(ADA, BEA, CAM);
	const { frames } = await shownAfter(700, 300);
	const picture = lastOf(frames);
	const card = tileArea(2, 3, 0);
	expect(meanColour(picture, tileArea(0, 3))[0]).toBeGreaterThan(150);
	expect(Math.max(...meanColour(picture, { ...card, width: card.width * 0.2 }))).toBeLessThan(60);
	const bright = brightPixels(picture, card);
	expect(bright).toBeGreaterThan(5);
	expect(bright).toBeLessThan(300);
});

test("whoever leaves is gone, whoever comes back is there, and no frame is missing", async () => {
	show(ADA);
	const alone = await shownAfter(1000, 500);
	expect(findColour(lastOf(alone.frames), ADA.colour).share).toBeGreaterThan(0.9);
	expect(toneShare(alone.sound, ADA.toneHz)).toBeGreaterThan(PURE);
	expect(toneShare(alone.sound, BEA.toneHz)).toBeLessThan(0.05);
	show(ADA, BEA);
	const both = await shownAfter(2500, 1000);
	expect(both.frames.some((frame) => findColour(frame, BEA.colour).share > 0.2)).toBe(true);
	expect(toneShare(both.sound, BEA.toneHz)).toBeGreaterThan(HEARD);
	expect(programme.runs).toHaveLength(1);
	for (const [track, frames] of (programme.runs[0]?.frames ?? []).entries()) {
		const step = programme.runs[0]?.tracks[track]?.kind === "audio" ? 1024 : 1;
		const first = frames[0]?.pts ?? 0;
		expect(frames.map(({ pts }) => pts)).toEqual(frames.map((_, index) => first + index * step));
		if (step === 1) {
			const keyframes = frames.filter(({ keyframe }) => keyframe).map(({ pts }) => pts);
			expect(keyframes).toEqual(keyframes.map((_, index) => first + index * 60));
		}
	}
});

test("a feed that breaks off leaves a placeholder, and mends itself", async () => {
	feed.publishers.delete(BEA.personId);
	bea.close();
	const without = await shownAfter(2700, 300);
	expect(findColour(lastOf(without.frames), BEA.colour).share).toBeLessThan(0.05);
	expect(brightPixels(lastOf(without.frames), tileArea(1, 2, 0))).toBeGreaterThan(5);
	expect(findColour(lastOf(without.frames), ADA.colour).share).toBeGreaterThan(0.2);
	bea = new Publisher(recordings.bea, { now });
	feed.publishers.set(BEA.personId, bea);
	await arrived(bea);
	const mended = await shownAfter(2000, 1000);
	expect(mended.frames.some((frame) => findColour(frame, BEA.colour).share > 0.2)).toBe(true);
});

test("broken and absurd media costs its sender alone", async () => {
	const requests = ada.keyframeRequests;
	let seed = 1;
	ada.mangle = (packet) => {
		for (let at = 14; at < packet.length; at += 7) {
			seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
			packet[at] = seed >> 16;
		}
		return packet.subarray(0, 12 + ((seed >> 8) % packet.length));
	};
	ada.send(Buffer.from("80e0000100000001000010001090", "hex"));
	ada.send(Buffer.alloc(3));
	const { frames, sound } = await shownAfter(2000, 1000);
	ada.mangle = (packet) => packet;
	expect(frames.some((frame) => findColour(frame, BEA.colour).share > 0.2)).toBe(true);
	expect(toneShare(sound, BEA.toneHz)).toBeGreaterThan(HEARD);
	expect(ada.keyframeRequests).toBeGreaterThan(requests);
	const mended = await shownAfter(3500, 1000);
	expect(findColour(lastOf(mended.frames), ADA.colour).share).toBeGreaterThan(0.2);
	expect(toneShare(mended.sound, ADA.toneHz)).toBeGreaterThan(HEARD);
	expect(programme.runs).toHaveLength(1);
});

test("two seconds in which the process did not run are made up for, with their sound", async () => {
	show(ADA);
	const startMs = await more(1500);
	process.kill(programme.pid, "SIGSTOP");
	// For so long nobody runs: that is what is tried.
	await new Promise((resolve) => setTimeout(resolve, 2000));
	process.kill(programme.pid, "SIGCONT");
	await more(500);
	expect(programme.runs).toHaveLength(1);
	expect(programme.messages.some((message) => message.type === "load" && message.shedding === "top-rung")).toBe(false);
	const before = await shown(startMs - 1000, startMs);
	const { sound } = await shown(startMs, startMs + 2000);
	for (let atS = 0; atS < 2; atS += 0.25) {
		const samples = sound.samples.slice(atS * SOUND_RATE, (atS + 0.25) * SOUND_RATE);
		expect(toneShare({ startS: 0, samples }, ADA.toneHz)).toBeGreaterThan(HALF);
		expect(loudness({ startS: 0, samples })).toBeGreaterThan(0.7 * loudness(before.sound));
	}
	show(ADA, BEA);
	await more(2500);
});

test("a killed encoder is replaced by a new run that goes on in true time", async () => {
	const started = programme.messages.findLast(({ type }) => type === "encoder-started");
	const pid = started?.type === "encoder-started" ? started.pid : 0;
	const before = programme.runs.length;
	const endedMs = programme.encodedUntilMs();
	process.kill(pid, "SIGKILL");
	await patiently(
		programme.when(() => programme.runs.length > before),
		"another run",
	);
	expect(programme.messages.some(({ type }) => type === "encoder-lost")).toBe(true);
	expect(programme.runs[before]?.run).toBe((programme.runs[before - 1]?.run ?? 0) + 1);
	expect(programme.runs[before]?.startsAtMs).toBeGreaterThan(endedMs);
	const endMs = await more(3000);
	const { frames, sound } = await shown(endMs - 2500, endMs);
	expect(findColour(lastOf(frames), ADA.colour).share).toBeGreaterThan(0.2);
	for (const beep of beepTimes(sound, BEA.toneHz)) {
		const lateMs = (endMs - 2500 + beep * 1000 - bea.startedAtMs) % 1000;
		expect(lateMs).toBeLessThan(CAPTURE_TIME_LIMIT_MS);
	}
});

test("the end: everything ticked is flushed, and the process exits with 0", async () => {
	programme.send({ type: "end" });
	const code = await patiently(programme.exited, "the end");
	expect(code).toBe(0);
	const run = programme.runs.at(-1);
	const [high = 0, small = 0, sound = 0] = run?.frames.map((frames) => frames.at(-1)?.pts) ?? [];
	expect(high).toBe(small);
	expect(Math.abs(sound - high * programmeFormat.samplesPerTick)).toBeLessThan(2 * 1024);
});

test("a process whose parent goes ends its encoder and itself", async () => {
	const orphan = new ProgrammeProcess();
	orphan.send({
		type: "start",
		feedPath: join(directory, "feed"),
		runDir: directory,
		ladder,
		scene: sceneOf(),
		brand: plainBrand,
	});
	await patiently(
		orphan.when(() => orphan.runs.length > 0),
		"the first run",
	);
	const started = orphan.messages.find(({ type }) => type === "encoder-started");
	orphan.disconnect();
	expect(await patiently(orphan.exited, "the end")).toBe(0);
	await expect
		.poll(() => isRunning(started?.type === "encoder-started" ? started.pid : 0), { timeout: 10_000 })
		.toBe(false);
});

function centre({ x, y, width, height }: Area): { x: number; y: number } {
	return { x: x + width / 2, y: y + height / 2 };
}

/** Pixels of letters within an area. */
function brightPixels(frame: Frame, area: Area): number {
	const side = { width: 1 / 160, height: 1 / 90 };
	let bright = 0;
	for (let x = area.x; x < area.x + area.width - side.width; x += side.width) {
		for (let y = area.y; y < area.y + area.height - side.height; y += side.height) {
			if (Math.min(...meanColour(frame, { x, y, ...side })) > 130) bright++;
		}
	}
	return bright;
}

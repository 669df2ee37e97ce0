import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { plainBrand } from "../../core/protocol/brand.ts";
import { emptyScene, type Scene } from "../../core/protocol/scene.ts";
import { ladderOf } from "../../transcoder/ladder.ts";
import { decodePictures, decodeSound } from "../../transcoder/test-support/decode-run.ts";
import { Publisher, record, TestFeed } from "../../transcoder/test-support/feed.ts";
import { absurdKeyframes, broken, mischief } from "../../transcoder/test-support/mischief.ts";
import { ProgrammeProcess } from "../../transcoder/test-support/programme-process.ts";
import { deadline, eventually } from "../support/deadline.ts";
import { type Frame, SOUND_RATE } from "../support/decode-media.ts";
import { findColour } from "../support/measure-picture.ts";
import { toneShare } from "../support/measure-sound.ts";
import { residentBytes } from "../support/processes.ts";
import type { Rgb } from "../support/solid-picture.ts";

const SEED = 4;
const TONE_HZ = 1000;
const good = { personId: "p-aaaaaaaaaaaa", colour: [40, 60, 190] as Rgb };
const hostile = [
	{ personId: "p-bbbbbbbbbbbb", codec: "VP8", colour: [190, 40, 40] as Rgb },
	{ personId: "p-cccccccccccc", codec: "H264", colour: [190, 60, 190] as Rgb },
	{ personId: "p-dddddddddddd", codec: "VP9", colour: [40, 170, 60] as Rgb },
	{ personId: "p-eeeeeeeeeeee", codec: "AV1", colour: [200, 180, 40] as Rgb },
] as const;

/** Of five tiles in a grid; the letters and the ring cost a little. */
const TILE = 0.05;
const GONE = 0.01;
/** Of the sound's energy: the others are silent, or heard as noise for a moment. */
const PURE = 0.9;
const MAX_HOLES = 2;
/** What a programme of five takes with all it has allocated by then. */
const MAX_GROWTH_BYTES = 200 * 1024 * 1024;
const PATIENCE_MS = 60_000;
const SMALL_RUNG = 1;

const now = () => performance.timeOrigin + performance.now();
let directory: string;
let feed: TestFeed;
let programme: ProgrammeProcess;
const publishers: Publisher[] = [];

const hex = ([r, g, b]: Rgb) => `0x${[r, g, b].map((value) => value.toString(16).padStart(2, "0")).join("")}`;

function scene(): Scene {
	const people = [good, ...hostile].map(({ personId }) => ({
		personId,
		source: "camera" as const,
		name: "A",
		title: "",
		video: true,
	}));
	return { ...emptyScene({ webinarId: "abcdefghijkl", version: 1, title: "Under fire" }), people };
}

function patiently<T>(promise: Promise<T>, what: string): Promise<T> {
	return deadline(promise, PATIENCE_MS, () => `${what} did not come. Log:\n${programme.log.join("")}`);
}

/** What the last `lastMs` of the next `durationMs` show. */
async function shownAfter(durationMs: number, lastMs: number): Promise<{ frames: Frame[]; samples: Float32Array }> {
	const endMs = now() + durationMs;
	await patiently(programme.encoded(endMs), `${durationMs} ms more`);
	const run = programme.runs.at(-1);
	if (!run) throw new Error("nothing was encoded");
	const [fromS, toS] = [(endMs - lastMs - run.startsAtMs) / 1000, (endMs - run.startsAtMs) / 1000];
	const [pictures, { samples }] = await Promise.all([decodePictures(run, SMALL_RUNG, fromS), decodeSound(run)]);
	return {
		frames: pictures.filter(({ atS }) => atS >= fromS && atS < toS),
		samples: samples.slice(Math.round(fromS * SOUND_RATE), Math.round(toS * SOUND_RATE)),
	};
}

function expectUndisturbed({ frames, samples }: { frames: Frame[]; samples: Float32Array }, pure: number): void {
	expect(frames.length).toBeGreaterThan(25);
	for (const frame of frames) expect(findColour(frame, good.colour).share).toBeGreaterThan(TILE);
	// By tenths of a second: holes would be heard. Packets that a busy machine brings too late make one or two.
	const tenths = Array.from({ length: Math.floor((10 * samples.length) / SOUND_RATE) }, (_, index) =>
		samples.subarray((index * SOUND_RATE) / 10, ((index + 1) * SOUND_RATE) / 10),
	);
	const shares = tenths.map((tenth) => toneShare({ startS: 0, samples: tenth }, TONE_HZ));
	expect(shares.filter((share) => share < pure).length).toBeLessThanOrEqual(MAX_HOLES);
	expect(tenths.filter((tenth) => Math.max(...tenth) < 0.02).length).toBeLessThanOrEqual(MAX_HOLES);
	expect(programme.messages.filter(({ type }) => type === "encoder-lost")).toEqual([]);
}

/** Every packet of those who are hostile goes through this from now on. */
function mangleAll(mangle: (packet: Buffer, index: number) => Buffer | undefined): void {
	for (const [index, publisher] of publishers.entries()) publisher.mangle = (packet) => mangle(packet, index);
}

beforeAll(async () => {
	directory = await mkdtemp(join(tmpdir(), "programme-"));
	const [blue, tone, noise] = await Promise.all([
		record("H264", `color=${hex(good.colour)}:s=640x360:r=30`),
		record("opus", `sine=f=${TONE_HZ}:r=48000`),
		record("opus", "anullsrc=r=48000:cl=stereo"),
	]);
	feed = await TestFeed.listen(join(directory, "feed"));
	for (const { personId, codec, colour } of hostile) {
		const video = await record(codec, `color=${hex(colour)}:s=320x180:r=30`);
		const publisher = new Publisher([video, noise], { now });
		publishers.push(publisher);
		feed.publishers.set(personId, publisher);
	}
	feed.publishers.set(good.personId, new Publisher([blue, tone], { now }));
	programme = new ProgrammeProcess();
	programme.send({
		type: "start",
		feedPath: join(directory, "feed"),
		runDir: directory,
		ladder: ladderOf([720, 360]),
		scene: scene(),
		brand: plainBrand,
	});
	await patiently(
		programme.when(() => programme.runs.length > 0),
		"the first run",
	);
}, 120_000);

afterAll(async () => {
	programme?.kill();
	feed?.close();
	await rm(directory, { recursive: true, force: true });
});

test("everybody is seen, whatever their codec", async () => {
	const shown = await shownAfter(4000, 1000);
	expectUndisturbed(shown, PURE);
	for (const { codec, colour } of hostile)
		expect(findColour(shown.frames.at(-1) as Frame, colour).share, codec).toBeGreaterThan(TILE);
});

test("broken packets of every codec cost those who send them alone", async () => {
	const before = await residentBytes(programme.pid);
	const done = fc.sample(mischief, { seed: SEED, numRuns: 5000 });
	let next = 0;
	mangleAll((packet, index) => {
		const [first, ...more] = broken(packet, done[next++ % done.length] ?? { kind: "lose" });
		for (const another of more) publishers[index]?.send(another);
		return first;
	});
	// Their own sound may be heard as they broke it.
	expectUndisturbed(await shownAfter(4000, 3000), 0.3);
	expect((await residentBytes(programme.pid)) - before).toBeLessThan(MAX_GROWTH_BYTES);
});

test("pure noise and pictures of absurd sizes leave placeholders", async () => {
	const before = await residentBytes(programme.pid);
	let seed = 1;
	mangleAll((packet, index) => {
		const codec = hostile[index]?.codec ?? "VP8";
		const isVideo = packet.readUInt32BE(8) === publishers[index]?.tracks[0]?.ssrc;
		const header = Buffer.from(packet.subarray(0, 12));
		if (isVideo && seed % 3 === 0) {
			header[1] = (header[1] ?? 0) | 0x80;
			seed++;
			return Buffer.concat([header, Buffer.from(absurdKeyframes[codec], "hex")]);
		}
		const noise = Buffer.alloc(200);
		for (let at = 0; at < noise.length; at++) {
			seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
			noise[at] = seed >> 16;
		}
		return Buffer.concat([header, noise]);
	});
	const shown = await shownAfter(4500, 1500);
	expectUndisturbed(shown, PURE);
	for (const { codec, colour } of hostile)
		expect(findColour(shown.frames.at(-1) as Frame, colour).share, codec).toBeLessThan(GONE);
	expect((await residentBytes(programme.pid)) - before).toBeLessThan(MAX_GROWTH_BYTES);
});

test("good media is seen again", async () => {
	mangleAll((packet) => packet);
	const isSeen = ({ frames }: { frames: Frame[] }) =>
		hostile.every(({ colour }) => findColour(frames.at(-1) as Frame, colour).share > TILE);
	await eventually(
		async () => isSeen(await shownAfter(1000, 500)),
		PATIENCE_MS,
		() => "not everybody is seen again",
	);
	expectUndisturbed(await shownAfter(1000, 1000), PURE);
});

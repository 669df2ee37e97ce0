import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { plainBrand } from "../../core/protocol/brand.ts";
import { emptyScene, type Layout, type LayoutKind, type ScenePerson, tileKey } from "../../core/protocol/scene.ts";
import type { ProgrammeChange } from "../../transcoder/change-watch.ts";
import { layOut } from "../../transcoder/compose/layout.ts";
import type { Placement, Rect } from "../../transcoder/compose/placement.ts";
import { ladderOf } from "../../transcoder/ladder.ts";
import { CanvasPicture } from "../../transcoder/test-support/canvas-picture.ts";
import { decodePicture } from "../../transcoder/test-support/decode-run.ts";
import { Publisher, record, TestFeed } from "../../transcoder/test-support/feed.ts";
import { ProgrammeProcess } from "../../transcoder/test-support/programme-process.ts";
import { deadline } from "../support/deadline.ts";
import { colourDistance, type Rgb } from "../support/solid-picture.ts";

const ladder = ladderOf([720]);
const [canvas] = ladder;

/** Everybody's colour, each brighter than what surrounds the tiles. */
const COLOURS: Record<string, Rgb> = {
	slides: [225, 225, 225],
	ann: [200, 60, 60],
	ben: [60, 170, 60],
	cleo: [90, 90, 220],
	dan: [210, 190, 50],
	eve: [200, 80, 200],
	fay: [60, 180, 200],
};
const people: ScenePerson[] = Object.keys(COLOURS).map((name) => ({
	personId: `p-${name.padEnd(12, "0")}`,
	source: name === "slides" ? "screen" : "camera",
	name,
	title: "",
	video: true,
}));

/** Lossy coding moves a colour by less, and no two of the test's lie so near. */
const SAME_COLOUR = 40;
const SCREEN_ASPECT = 16 / 9;
const TRANSITION_MS = 300;
const PATIENCE_MS = 40_000;
/** Somebody who begins to speak is shown after four to five windows of a fifth of a second, each as late as the machine. */
const SPEAKER_LIMIT_MS = 4000;
const AUDIO_SSRC = 0x1001;

const now = () => performance.timeOrigin + performance.now();
let directory: string;
let feed: TestFeed;
let programme: ProgrammeProcess;
let version = 0;

function sceneOf(shown: ScenePerson[], kind: LayoutKind, pinned: Layout["pinned"] = null) {
	const scene = emptyScene({ webinarId: "abcdefghijkl", version: version++, title: "Layouts" });
	return { ...scene, people: shown, layout: { kind, pinned } };
}

function person(name: string): ScenePerson {
	const found = people.find((one) => one.name === name);
	if (!found) throw new Error(`${name} is nobody`);
	return found;
}

function publisherOf(name: string): Publisher {
	const found = feed.publishers.get(person(name).personId);
	if (!found) throw new Error(`${name} does not publish`);
	return found;
}

function patiently<T>(promise: Promise<T>, what: string): Promise<T> {
	return deadline(promise, PATIENCE_MS, () => `${what} did not come. Log:\n${programme.log.join("")}`);
}

const changes = () => programme.messages.flatMap((message) => (message.type === "change" ? [message.change] : []));

/** Waits until the programme tells of a change after those `before`, and returns it. */
async function changeAfter(before: number, fits: (change: ProgrammeChange) => boolean, what: string) {
	const told = () => changes().slice(before).find(fits);
	await patiently(
		programme.when(() => told() !== undefined),
		what,
	);
	return told() as ProgrammeChange;
}

/** The picture in which what began to move at `atMs` (capture time) has arrived. */
async function settledFrom(atMs: number): Promise<CanvasPicture> {
	const seenAtMs = atMs + TRANSITION_MS + 100;
	await patiently(programme.encoded(seenAtMs + 100), "the next pictures");
	const run = programme.runs.findLast(({ startsAtMs }) => startsAtMs <= seenAtMs);
	if (!run) throw new Error("nothing was encoded");
	return new CanvasPicture(await decodePicture(run, 0, (seenAtMs - run.startsAtMs) / 1000), canvas);
}

/** Moves to a scene of other people or in another layout than before. */
async function show(shown: ScenePerson[], kind: LayoutKind, pinned: Layout["pinned"] = null): Promise<CanvasPicture> {
	const before = changes().length;
	programme.send({ type: "scene", scene: sceneOf(shown, kind, pinned) });
	const isIt = ({ layout, people: told }: ProgrammeChange) => layout === kind && told.length === shown.length;
	const { at } = await changeAfter(before, isIt, `${kind} of ${shown.length}`);
	return await settledFrom(at);
}

/** Who is seen there, by their colour. */
function whoIsAt(picture: CanvasPicture, x: number, y: number): string | undefined {
	const colour = picture.rgb(x, y);
	return colour && Object.keys(COLOURS).find((name) => colourDistance(COLOURS[name] as Rgb, colour) < SAME_COLOUR);
}

/** Looks at every tile's middle, just inside and outside of its edges, and at a corner. */
function expectPlacements(picture: CanvasPicture, placements: Placement[]): void {
	for (const placement of placements) {
		const { key, rect, radius } = placement;
		const name = people.find((one) => tileKey(one) === key)?.name ?? "";
		const { x, y, width, height, slack } = contentOf(placement);
		const [middleX, middleY] = middle(rect);
		const [right, bottom] = [x + width - 1, y + height - 1];
		const inside: [number, number][] = [
			[middleX, middleY],
			[x, middleY],
			[right, middleY],
			[middleX, y + slack],
			[middleX, bottom - slack],
		];
		const outside: [number, number][] = [
			[x - 1, middleY],
			[right + 1, middleY],
			[middleX, y - 1 - slack],
			[middleX, bottom + 1 + slack],
		];
		if (slack === 0 && radius > 0) {
			inside.push([rect.x + Math.ceil(radius / 2), rect.y + Math.ceil(radius / 2)]);
			outside.push([rect.x, rect.y]);
		}
		for (const [atX, atY] of inside) {
			expect(whoIsAt(picture, atX, atY), `at ${atX} ${atY}: ${picture.rgb(atX, atY)}`).toBe(name);
		}
		for (const [atX, atY] of outside) {
			expect(whoIsAt(picture, atX, atY), `at ${atX} ${atY}: ${picture.rgb(atX, atY)}`).not.toBe(name);
		}
	}
}

/** The part of a tile that its picture fills. `slack`: rounding may move by that where it begins and ends within the tile. */
function contentOf({ rect, fit }: Placement): Rect & { slack: number } {
	const height = Math.round(rect.width / SCREEN_ASPECT);
	if (fit === "cover" || height >= rect.height) return { ...rect, slack: 0 };
	return { ...rect, y: rect.y + Math.round((rect.height - height) / 2), height, slack: 2 };
}

function middle({ x, y, width, height }: Rect): [number, number] {
	return [x + width / 2, y + height / 2];
}

beforeAll(async () => {
	directory = await mkdtemp(join(tmpdir(), "layouts-"));
	feed = await TestFeed.listen(join(directory, "feed"));
	const tone = await record("opus", "sine=f=440:r=48000");
	const videos = await Promise.all(
		Object.values(COLOURS).map((colour) => {
			const hex = colour.map((channel) => channel.toString(16).padStart(2, "0")).join("");
			return record("VP8", `color=0x${hex}:s=320x180:r=15`);
		}),
	);
	for (const [index, { personId }] of people.entries()) {
		const publisher = new Publisher([videos[index] as (typeof videos)[0], tone], { now });
		setSpeaking(publisher, false);
		feed.publishers.set(personId, publisher);
	}
	programme = new ProgrammeProcess();
	programme.send({
		type: "start",
		feedPath: join(directory, "feed"),
		runDir: directory,
		ladder,
		scene: sceneOf(people, "grid"),
		brand: plainBrand,
	});
	await patiently(
		programme.when(() => programme.runs.length > 0),
		"the first run",
	);
	// From then on nobody has a reason to ask for a keyframe.
	let picture = await settledFrom(now());
	while (!people.every(({ name }) => isInGrid(picture, name))) picture = await settledFrom(now());
}, 90_000);

afterAll(async () => {
	programme?.kill();
	feed?.close();
	await rm(directory, { recursive: true, force: true });
});

function isInGrid(picture: CanvasPicture, name: string): boolean {
	const placements = layOut(sceneOf(people, "grid"), undefined, canvas);
	const placement = placements.find(({ key }) => key === tileKey(person(name)));
	return placement !== undefined && whoIsAt(picture, ...middle(placement.rect)) === name;
}

function setSpeaking(publisher: Publisher, speaking: boolean): void {
	publisher.mangle = (packet) => (speaking || packet.readUInt32BE(8) !== AUDIO_SSRC ? packet : undefined);
}

/** From the first picture on, without a missing one, and with keyframes where they always are. */
function expectOneWholeRun(): void {
	expect(programme.runs).toHaveLength(1);
	const frames = programme.runs[0]?.frames[0] ?? [];
	const first = frames[0]?.pts ?? 0;
	expect(frames.map(({ pts }) => pts)).toEqual(frames.map((_, index) => first + index));
	const keyframes = frames.filter(({ keyframe }) => keyframe).map(({ pts }) => pts);
	expect(keyframes).toEqual(keyframes.map((_, index) => first + index * 60));
}

const keyframeRequests = () => [...feed.publishers.values()].map((publisher) => publisher.keyframeRequests);

test("every layout stands at its golden places, switched live without a hole or a keyframe request", async () => {
	const requested = keyframeRequests();
	const fayPinned = person("fay");
	// Nobody who left comes back: that would take a keyframe, in any layout.
	const three = people.slice(0, 3);
	const steps: [ScenePerson[], LayoutKind, Layout["pinned"]][] = [
		[people, "speaker", null],
		[people, "side-by-side", null],
		[people, "speaker", fayPinned],
		[people, "screen-and-speakers", null],
		[people, "picture-in-picture", fayPinned],
		[people, "side-by-side", fayPinned],
		[people, "solo", fayPinned],
		[people, "grid", null],
		[three, "screen-and-speakers", null],
		[three, "grid", null],
		[people.slice(1, 3), "speaker", null],
	];
	for (const [shown, kind, pinned] of steps) {
		const picture = await show(shown, kind, pinned);
		expectPlacements(picture, layOut(sceneOf(shown, kind, pinned), undefined, canvas));
	}
	expect(keyframeRequests()).toEqual(requested);
	expectOneWholeRun();
});

test("whoever speaks is shown large within about a second, and told with the time of the picture", async () => {
	const three = [person("ann"), person("ben"), person("cleo")];
	await show(three, "speaker");
	const [annPlace, benPlace] = layOut(sceneOf(three, "speaker"), undefined, canvas).map(({ rect }) => middle(rect));
	if (!annPlace || !benPlace) throw new Error("nobody has a place");
	for (const [speaks, silent] of [
		["ben", "ann"],
		["ann", "ben"],
	] as const) {
		const spokeAt = now();
		const before = changes().length;
		setSpeaking(publisherOf(speaks), true);
		setSpeaking(publisherOf(silent), false);
		const { personId } = person(speaks);
		const isIt = (change: ProgrammeChange) => change.speaker?.personId === personId;
		const told = await changeAfter(before, isIt, `${speaks} as the speaker`);
		expect(told.at - spokeAt).toBeLessThan(SPEAKER_LIMIT_MS);
		expect(told).toMatchObject({ layout: "speaker", people: three.map((one) => ({ personId: one.personId })) });
		const picture = await settledFrom(told.at);
		expect(whoIsAt(picture, ...annPlace)).toBe(speaks);
		expect(whoIsAt(picture, ...benPlace)).toBe(silent);
	}
	expectOneWholeRun();
});

test("each change of people or layout is told once, at the time of a picture", async () => {
	const before = changes().length;
	const two = [person("dan"), person("eve")];
	await show(two, "side-by-side");
	programme.send({ type: "scene", scene: { ...sceneOf(two, "side-by-side"), title: "Another" } });
	await show(two, "grid");
	const tiles = two.map(({ personId, source }) => ({ personId, source }));
	const [first, second] = changes().slice(before);
	expect(changes().slice(before)).toEqual([
		{ at: first?.at, layout: "side-by-side", people: tiles, speaker: null },
		{ at: second?.at, layout: "grid", people: tiles, speaker: null },
	]);
	for (const change of [first, second]) {
		const ticks = (((change?.at ?? 0) - (programme.runs[0]?.startsAtMs ?? 0)) * 30) / 1000;
		expect(Math.abs(ticks - Math.round(ticks))).toBeLessThan(0.05);
	}
});

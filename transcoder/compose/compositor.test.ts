import { AV_PIX_FMT_YUV420P, AVCOL_RANGE_MPEG, AVCOL_SPC_BT709 } from "node-av/constants";
import type { Frame } from "node-av/lib";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { plainBrand } from "../../core/protocol/brand.ts";
import { emptyScene, type Scene, type ScenePerson } from "../../core/protocol/scene.ts";
import { createFrame } from "./av-frame.ts";
import { colourOf } from "./colour.ts";
import { Compositor } from "./compositor.ts";
import { layOut } from "./layout.ts";
import type { Rect } from "./placement.ts";

const canvas = { width: 1280, height: 720 };
const log = pino({ level: "silent" });
const TICK_MS = 1000 / 30;
const COLOURS = [
	[120, 90, 200],
	[90, 200, 100],
	[180, 60, 120],
	[60, 150, 150],
];
const BACKGROUND = colourOf(plainBrand.background);
/** Roundings of scaling and mixing. */
const TOLERANCE = 3;

let compositor: Compositor;
let nowMs: number;
let version = 0;
let frames: Map<string, { frame: Frame; captureMs: number }>;
let asked: string[];

function person(index: number, more: Partial<ScenePerson> = {}): ScenePerson {
	return { personId: `p-${index}`, source: "camera", name: `N${index}`, title: "", video: true, ...more };
}

function sceneOf(people: ScenePerson[], more: Partial<Scene> = {}): Scene {
	return { ...emptyScene({ webinarId: "abcdefghijkl", version: version++, title: "Title" }), people, ...more };
}

function show(scene: Scene): Scene {
	compositor.setScene(scene, (key) => {
		asked.push(key);
		return { pictureAt: () => frames.get(key) };
	});
	return scene;
}

/** A new picture of one colour from that person. */
function send(index: number, size = { width: 640, height: 360 }, colour = COLOURS[index] ?? []): void {
	const frame = createFrame(size.width, size.height, AV_PIX_FMT_YUV420P);
	for (const [plane, value] of colour.entries()) frame.data?.[plane]?.fill(value);
	frame.colorSpace = AVCOL_SPC_BT709;
	frame.colorRange = AVCOL_RANGE_MPEG;
	frames.get(`p-${index} camera`)?.frame.free();
	frames.set(`p-${index} camera`, { frame, captureMs: nowMs });
}

function pass(ms: number): void {
	for (const endMs = nowMs + ms; nowMs < endMs - 0.001; ) {
		nowMs = Math.min(nowMs + TICK_MS, endMs);
		compositor.draw(nowMs);
	}
}

function at(x: number, y: number): [number, number, number] {
	const { data } = compositor.picture;
	const luma = canvas.width * canvas.height;
	const chroma = luma + (y >> 1) * (canvas.width / 2) + (x >> 1);
	return [data[y * canvas.width + x] ?? 0, data[chroma] ?? 0, data[chroma + luma / 4] ?? 0];
}

function expectAt(x: number, y: number, colour: readonly number[] | undefined): void {
	const found = at(x, y);
	const off = found.map((value, plane) => Math.abs(value - (colour?.[plane] ?? 0)));
	expect(Math.max(...off), `${found} for ${colour} at ${x}, ${y}`).toBeLessThanOrEqual(TOLERANCE);
}

function placeOf(scene: Scene, index: number, speaker?: string) {
	const placement = layOut(scene, speaker, canvas)[index];
	if (!placement) throw new Error("nobody there");
	return placement;
}

const middle = ({ x, y, width, height }: Rect): [number, number] => [x + width / 2, y + height / 2];

/** How much of a tile's colour is there, from nothing (its background) to all. */
function shareOf(colour: readonly number[] | undefined, x: number, y: number): number {
	const [, u, v] = at(x, y);
	const [, toU = 0, toV = 0] = colour ?? [];
	const reach = (toU - BACKGROUND[1]) ** 2 + (toV - BACKGROUND[2]) ** 2;
	return ((u - BACKGROUND[1]) * (toU - BACKGROUND[1]) + (v - BACKGROUND[2]) * (toV - BACKGROUND[2])) / reach;
}

beforeEach(() => {
	frames = new Map();
	asked = [];
	nowMs = 1_000_000;
	compositor = new Compositor(canvas, { log });
	for (const index of COLOURS.keys()) send(index);
});

afterEach(() => {
	compositor.close();
	for (const { frame } of frames.values()) frame.free();
});

describe("places", () => {
	it("shows everybody at their place to the pixel, and the background between them", () => {
		const scene = show(sceneOf([0, 1, 2, 3].map((index) => person(index))));
		compositor.draw(nowMs);
		for (const index of COLOURS.keys()) {
			const { rect, radius } = placeOf(scene, index);
			const { x, y, width, height } = rect;
			for (const [atX, atY] of [
				[x + radius, y],
				[x + width - 1 - radius, y],
				[x, y + radius],
				[x + width - 1, y + height - 1 - radius],
				middle(rect),
			] as const)
				expectAt(atX, atY, COLOURS[index]);
			for (const [atX, atY] of [
				[x - 1, y + 40],
				[x + width, y + 40],
				[x + 40, y - 1],
				[x + 40, y + height],
			] as const)
				expectAt(atX, atY, BACKGROUND);
		}
	});

	it("rounds corners with soft edges", () => {
		const scene = show(sceneOf([person(0), person(1)]));
		compositor.draw(nowMs);
		const { rect, radius } = placeOf(scene, 0);
		expect(radius).toBeGreaterThan(4);
		const [left, right] = [rect.x, rect.x + rect.width - 1];
		const [top, bottom] = [rect.y, rect.y + rect.height - 1];
		for (const [x, y] of [
			[left, top],
			[right, top],
			[left, bottom],
			[right, bottom],
		] as const)
			expectAt(x, y, BACKGROUND);
		expectAt(left + radius, top + radius, COLOURS[0]);
		// Along a row through the curve: the background, a step between, the tile.
		const row = Array.from({ length: radius }, (_, index) => at(left + index, top + 1)[0]);
		expect(row).toEqual([...row].sort((a, b) => a - b));
		expect(row.some((luma) => luma > BACKGROUND[0] + 10 && luma < (COLOURS[0]?.[0] ?? 0) - 10)).toBe(true);
	});

	it("draws a small picture over a large one, and the large one anew below it", () => {
		const people = [person(0, { source: "screen" }), person(1)];
		frames.set("p-0 screen", frames.get("p-0 camera") as { frame: Frame; captureMs: number });
		const scene = show(sceneOf(people, { layout: { kind: "picture-in-picture", pinned: null } }));
		compositor.draw(nowMs);
		const { rect } = placeOf(scene, 1);
		for (const colour of [COLOURS[0], COLOURS[2]]) {
			send(0, { width: 640, height: 360 }, colour);
			frames.set("p-0 screen", frames.get("p-0 camera") as { frame: Frame; captureMs: number });
			pass(TICK_MS);
			expectAt(...middle(rect), COLOURS[1]);
			expectAt(rect.x, rect.y, colour);
			expectAt(100, 100, colour);
		}
		frames.delete("p-0 screen");
	});

	it("gives the same picture while nothing changes", () => {
		show(sceneOf([person(0), person(1)]));
		const first = compositor.draw(nowMs);
		first.retain();
		expect(compositor.draw(nowMs + TICK_MS) === first).toBe(true);
		send(1);
		expect(compositor.draw(nowMs + 2 * TICK_MS) === first).toBe(false);
	});
});

describe("transitions", () => {
	it("moves and resizes within 300 ms of the programme's time, slow at both ends", () => {
		const before = show(sceneOf([person(0)]));
		compositor.draw(nowMs);
		const from = placeOf(before, 0).rect;
		const after = show(sceneOf([person(0), person(1)]));
		const to = placeOf(after, 0).rect;
		const column = to.x + to.width - 30; // beside the label
		for (let tick = 0; tick < 10; tick++) {
			pass(30);
			const [, ownU = 0, ownV = 0] = COLOURS[0] ?? [];
			const height = Array.from({ length: canvas.height }, (_, row) => at(column, row)).filter(
				([, u, v]) => Math.hypot(u - ownU, v - ownV) < 10,
			).length;
			const share = (from.height - height) / (from.height - to.height);
			const passed = (tick + 1) / 10;
			expect(Math.abs(share - passed * passed * (3 - 2 * passed))).toBeLessThan(0.03);
		}
		expectAt(to.x + to.width - 2, to.y + 60, COLOURS[0]);
		expectAt(to.x + to.width + 2, to.y + 60, BACKGROUND);
	});

	it("fades in who comes, and out who goes, who is not asked any more", () => {
		show(sceneOf([person(0), person(1)]));
		compositor.draw(nowMs);
		const scene = show(sceneOf([person(0), person(1), person(2), person(3)]));
		const [x, y] = middle(placeOf(scene, 3).rect);
		const comes: number[] = [];
		for (let tick = 0; tick < 10; tick++) {
			pass(30);
			comes.push(shareOf(COLOURS[3], x, y));
		}
		expect(comes[0]).toBeLessThan(0.1);
		expect(comes[4]).toBeCloseTo(0.5, 1);
		expect(comes[9]).toBeCloseTo(1, 1);
		expect(comes).toEqual([...comes].sort((a, b) => a - b));
		show(sceneOf([0, 1, 2].map((index) => person(index))));
		frames.get("p-3 camera")?.frame.free();
		frames.delete("p-3 camera");
		const rightEdge = placeOf(scene, 3).rect.x + placeOf(scene, 3).rect.width - 20;
		const goes: number[] = [];
		for (let tick = 0; tick < 10; tick++) {
			pass(30);
			goes.push(shareOf(COLOURS[3], rightEdge, y));
		}
		expect(goes[0]).toBeGreaterThan(0.9);
		expect(goes[4]).toBeCloseTo(0.5, 1);
		expectAt(rightEdge, y, BACKGROUND);
		expect(asked).toEqual(["p-0 camera", "p-1 camera", "p-2 camera", "p-3 camera"]);
	});

	it("cross-fades who takes another's place without the background between them", () => {
		const solo = { layout: { kind: "solo" as const, pinned: null } };
		show(sceneOf([person(0)], solo));
		compositor.draw(nowMs);
		show(sceneOf([person(1)], solo));
		pass(150);
		const [one = [], other = []] = COLOURS;
		expectAt(
			600,
			300,
			one.map((value, plane) => (value + (other[plane] ?? 0)) / 2),
		);
		pass(160);
		expectAt(600, 300, other);
	});

	it("jumps while transitions are shed", () => {
		show(sceneOf([person(0)]));
		compositor.draw(nowMs);
		compositor.shed({ transitions: true, smallTiles: false });
		const scene = show(sceneOf([person(0), person(1)]));
		pass(TICK_MS);
		for (const index of [0, 1]) expectAt(...middle(placeOf(scene, index).rect), COLOURS[index]);
		expectAt(canvas.width / 2, 20, BACKGROUND);
	});
});

describe("what a tile shows", () => {
	it("is the last picture for two seconds, then the placeholder until another one comes", () => {
		const scene = show(sceneOf([person(0), person(1)]));
		compositor.draw(nowMs);
		const { rect } = placeOf(scene, 0);
		const [x, y] = [rect.x + 40, rect.y + 40];
		send(1);
		pass(1900);
		expectAt(x, y, COLOURS[0]);
		pass(200);
		const card = at(x, y);
		expect(Math.hypot(card[1] - 128, card[2] - 128)).toBeLessThan(12);
		send(0);
		pass(TICK_MS);
		expectAt(x, y, COLOURS[0]);
	});

	it("is the placeholder at once when a camera is switched off", () => {
		const scene = show(sceneOf([person(0), person(1)]));
		compositor.draw(nowMs);
		show(sceneOf([person(0, { video: false }), person(1)]));
		pass(TICK_MS);
		const { rect } = placeOf(scene, 0);
		expect(Math.hypot(at(rect.x + 40, rect.y + 40)[1] - 128, at(rect.x + 40, rect.y + 40)[2] - 128)).toBeLessThan(12);
		expectAt(...middle(placeOf(scene, 1).rect), COLOURS[1]);
	});

	it("is the placeholder for a picture that nothing can be made of, and costs the others nothing", () => {
		const scene = show(sceneOf([person(0), person(1)]));
		frames.get("p-0 camera")?.frame.unref();
		compositor.draw(nowMs);
		const { rect } = placeOf(scene, 0);
		expect(at(rect.x + 40, rect.y + 40)[0]).toBeLessThan(70);
		expectAt(...middle(placeOf(scene, 1).rect), COLOURS[1]);
	});

	it("is redrawn every second tick while small tiles are shed", () => {
		const scene = show(sceneOf(Array.from({ length: 16 }, (_, index) => person(index))));
		compositor.shed({ transitions: false, smallTiles: true });
		compositor.draw(nowMs);
		pass(400);
		const seen: number[] = [];
		for (let tick = 0; tick < 6; tick++) {
			send(0, { width: 64, height: 36 }, [100 + tick * 10, 128, 128]);
			pass(TICK_MS);
			seen.push(at(...middle(placeOf(scene, 0).rect))[0]);
		}
		expect(new Set(seen.slice(1)).size).toBe(3);
	});
});

describe("around the tiles", () => {
	const ring = colourOf(plainBrand.accent);

	it("has a ring about who speaks, which fades in and goes on", () => {
		const scene = show(sceneOf([person(0), person(1)]));
		compositor.draw(nowMs);
		const edges = [0, 1].map((index): [number, number] => {
			const { rect } = placeOf(scene, index);
			return [rect.x - 3, rect.y + 100];
		});
		compositor.setSpeaker("p-0 camera");
		pass(300);
		expectAt(...(edges[0] ?? [0, 0]), ring);
		expectAt(...(edges[1] ?? [0, 0]), BACKGROUND);
		compositor.setSpeaker("p-1 camera");
		pass(150);
		expect(at(...(edges[0] ?? [0, 0]))[1]).toBeGreaterThan(BACKGROUND[1] + 4);
		pass(150);
		expectAt(...(edges[0] ?? [0, 0]), BACKGROUND);
		expectAt(...(edges[1] ?? [0, 0]), ring);
		send(1);
		pass(TICK_MS);
		expectAt(...(edges[1] ?? [0, 0]), ring);
	});

	it("has none about somebody alone", () => {
		compositor.setSpeaker("p-0 camera");
		show(sceneOf([person(0)]));
		compositor.draw(nowMs);
		for (const x of [0, 2, canvas.width - 1]) expectAt(x, 200, COLOURS[0]);
	});

	it("has the brand's colour", () => {
		compositor.setBrand({ ...plainBrand, background: "#802020" });
		show(sceneOf([person(0), person(1)]));
		compositor.draw(nowMs);
		expectAt(2, 2, colourOf("#802020"));
	});
});

describe("slate and captions", () => {
	it("has the slate while nobody is on air, and fades to the scene and back", () => {
		show(sceneOf([]));
		compositor.draw(nowMs);
		expectAt(4, 4, BACKGROUND);
		expect(lettersIn({ x: 300, y: 200, width: 680, height: 320 })).toBeGreaterThan(500);
		show(sceneOf([person(0)]));
		pass(150);
		expect(shareOf(COLOURS[0], 4, 4)).toBeCloseTo(0.5, 1);
		pass(150);
		expectAt(4, 4, COLOURS[0]);
		show(sceneOf([]));
		pass(300);
		expectAt(4, 4, BACKGROUND);
		expect(lettersIn({ x: 300, y: 200, width: 680, height: 320 })).toBeGreaterThan(500);
	});

	it("counts down once a second", () => {
		show(sceneOf([], { slate: { kind: "starting-soon", startsAt: nowMs + 60_000 } }));
		const pictures = new Set();
		for (let tick = 0; tick < 60; tick++) {
			nowMs += TICK_MS;
			const picture = compositor.draw(nowMs);
			picture.retain();
			pictures.add(picture);
		}
		expect(pictures.size).toBe(3);
	});

	it("fades a lower third in and out over moving pictures", () => {
		show(sceneOf([person(0)]));
		compositor.draw(nowMs);
		show(sceneOf([person(0)], { lowerThird: { title: "Ada", subtitle: "Engines" } }));
		const area = { x: 20, y: 480, width: 400, height: 180 };
		const counts = [lettersIn(area)];
		for (let tick = 0; tick < 10; tick++) {
			send(0);
			pass(30);
			counts.push(lettersIn(area));
		}
		expect(counts[0]).toBe(0);
		expect(counts[10]).toBeGreaterThan(300);
		const shown = compositor.draw(nowMs).data.toString("latin1");
		send(0);
		pass(TICK_MS);
		// Drawn once over each new picture, not upon itself.
		expect(compositor.picture.data.toString("latin1") === shown).toBe(true);
		show(sceneOf([person(0)]));
		pass(300);
		expect(lettersIn(area)).toBe(0);
	});

	it("has the title over the tiles only while it is shown", () => {
		show(sceneOf([person(0)], { titleShown: true }));
		compositor.draw(nowMs);
		const area = { x: 10, y: 10, width: 400, height: 80 };
		expect(lettersIn(area)).toBeGreaterThan(50);
		show(sceneOf([person(0)]));
		pass(300);
		expect(lettersIn(area)).toBe(0);
	});
});

/** Pixels as bright as letters. */
function lettersIn({ x, y, width, height }: Rect): number {
	const { data } = compositor.picture;
	let count = 0;
	for (let row = y; row < y + height; row++)
		for (let column = x; column < x + width; column++) if ((data[row * canvas.width + column] ?? 0) > 200) count++;
	return count;
}

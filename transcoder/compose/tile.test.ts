import { AV_PIX_FMT_YUV420P, AVCOL_RANGE_MPEG, AVCOL_SPC_SMPTE170M } from "node-av/constants";
import { beforeEach, describe, expect, it } from "vitest";
import { createFrame } from "./av-frame.ts";
import { Studio } from "./drawing.ts";
import { createI420, fillRect } from "./i420.ts";
import { scaledSize, Tile } from "./tile.ts";

describe("size of a picture in its tile", () => {
	it("covers the tile with a camera, in its own proportions", () => {
		expect(scaledSize(640, 360, 616, 346)).toEqual({ width: 616, height: 346 });
		expect(scaledSize(640, 480, 616, 346)).toEqual({ width: 616, height: 462 });
		expect(scaledSize(1280, 720, 616, 336)).toEqual({ width: 616, height: 346 });
	});

	it("shows a picture whole that would lose too much", () => {
		expect(scaledSize(360, 640, 616, 346)).toEqual({ width: 194, height: 346 });
		expect(scaledSize(4096, 16, 616, 346)).toEqual({ width: 616, height: 2 });
	});
});

describe("tile", () => {
	const studio = new Studio();
	const canvas = createI420(1280, 720);
	const rect = { x: 16, y: 186, width: 616, height: 346 };
	let picture: ReturnType<typeof red> | undefined;
	const source = { pictureAt: () => picture };

	/** BT.601, as browsers send it. */
	function red(width: number, height: number, captureMs: number) {
		const frame = createFrame(width, height, AV_PIX_FMT_YUV420P);
		for (const [plane, value] of [81, 90, 240].entries()) frame.data?.[plane]?.fill(value);
		frame.colorSpace = AVCOL_SPC_SMPTE170M;
		frame.colorRange = AVCOL_RANGE_MPEG;
		return { frame, captureMs };
	}

	function at(x: number, y: number) {
		const [luma, u, v] = canvas.planes;
		return [luma[y * 1280 + x], u[(y >> 1) * 640 + (x >> 1)], v[(y >> 1) * 640 + (x >> 1)]];
	}

	beforeEach(() => {
		picture?.frame.free();
		picture = undefined;
		fillRect(canvas, { x: 0, y: 0, width: 1280, height: 720 }, [1, 2, 3]);
	});

	it("shows a picture in the programme's colours, nothing beside it, and draws it once", () => {
		const tile = new Tile({ name: "Ada", rect }, { source, studio });
		picture = red(640, 360, 1000);
		expect(tile.draw(canvas, 1000)).toBe(true);
		expect(tile.draw(canvas, 1033)).toBe(false);
		for (const [x, y] of [
			[20, 190],
			[324, 360],
			[628, 526],
		] as const) {
			const [luma = 0, u = 0, v = 0] = at(x, y);
			expect(Math.max(Math.abs(luma - 63), Math.abs(u - 102), Math.abs(v - 240))).toBeLessThanOrEqual(2);
		}
		for (const [x, y] of [
			[14, 300],
			[632, 300],
			[300, 184],
			[300, 532],
		] as const)
			expect(at(x, y)).toEqual([1, 2, 3]);
		tile.close();
	});

	it("sets a picture that fits ill into black", () => {
		const tile = new Tile({ name: "Ada", rect }, { source, studio });
		picture = red(360, 640, 1000);
		tile.draw(canvas, 1000);
		expect(at(20, 190)).toEqual([16, 128, 128]);
		expect(Math.abs((at(324, 360)[2] ?? 0) - 240)).toBeLessThanOrEqual(2);
		tile.close();
	});

	it("shows the placeholder without a picture, and again when the last one is too old", () => {
		const tile = new Tile({ name: "Ada", rect }, { source, studio });
		expect(tile.draw(canvas, 0)).toBe(true);
		expect(tile.draw(canvas, 33)).toBe(false);
		expect(at(324, 190)[0]).toBeLessThan(60);
		picture = red(640, 360, 1000);
		expect(tile.draw(canvas, 1000)).toBe(true);
		expect(at(324, 190)[2]).toBeGreaterThan(200);
		expect(tile.draw(canvas, 2999)).toBe(false);
		expect(tile.draw(canvas, 3001)).toBe(true);
		expect(at(324, 190)[2]).toBeLessThan(150);
		tile.close();
	});

	it.each(["", " ", "\u{1F3F3}️‍\u{1F308}", "‮مرحبا", "\ud800", "x".repeat(80), "a\nb\tc", "李 小龙"])(
		"draws any name: %j",
		(name) => {
			const tile = new Tile({ name, rect }, { source, studio });
			expect(tile.draw(canvas, 0)).toBe(true);
			picture = red(64, 64, 1000);
			expect(tile.draw(canvas, 1000)).toBe(true);
			tile.close();
		},
	);
});

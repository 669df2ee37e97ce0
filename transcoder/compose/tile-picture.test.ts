import {
	AV_PIX_FMT_YUV420P,
	AVCOL_RANGE_JPEG,
	AVCOL_RANGE_MPEG,
	AVCOL_SPC_BT709,
	AVCOL_SPC_SMPTE170M,
} from "node-av/constants";
import type { Frame } from "node-av/lib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFrame } from "./av-frame.ts";
import { MatrixKernel } from "./matrix-kernel.ts";
import { scaledSize, TilePicture } from "./tile-picture.ts";

describe("size of a picture in its tile", () => {
	const tile = { width: 616, height: 346 };

	it("covers the tile with a camera, in its own proportions", () => {
		expect(scaledSize({ width: 640, height: 360 }, tile, "cover")).toEqual({ width: 616, height: 346 });
		expect(scaledSize({ width: 640, height: 480 }, tile, "cover")).toEqual({ width: 616, height: 462 });
		expect(scaledSize({ width: 1280, height: 720 }, { width: 616, height: 336 }, "cover")).toEqual(tile);
	});

	it("fits a screen into the tile, and loses nothing of it", () => {
		expect(scaledSize({ width: 640, height: 480 }, tile, "contain")).toEqual({ width: 462, height: 346 });
		expect(scaledSize({ width: 1280, height: 720 }, { width: 616, height: 336 }, "contain")).toEqual({
			width: 598,
			height: 336,
		});
	});

	it("shows a picture whole that would lose too much", () => {
		expect(scaledSize({ width: 360, height: 640 }, tile, "cover")).toEqual({ width: 194, height: 346 });
		expect(scaledSize({ width: 4096, height: 16 }, tile, "cover")).toEqual({ width: 616, height: 2 });
	});
});

describe("picture of a tile", () => {
	let picture: TilePicture;
	const frames: Frame[] = [];

	function solid(size: { width: number; height: number }, colour: number[], space: number, range = AVCOL_RANGE_MPEG) {
		const frame = createFrame(size.width, size.height, AV_PIX_FMT_YUV420P);
		for (const [plane, value] of colour.entries()) frame.data?.[plane]?.fill(value);
		frame.colorSpace = space as typeof AVCOL_SPC_BT709;
		frame.colorRange = range;
		frames.push(frame);
		return frame;
	}

	function at(x: number, y: number): number[] {
		const { planes = [], strides = [] } = picture.image ?? {};
		return [0, 1, 1].map((shift, plane) => planes[plane]?.[(y >> shift) * (strides[plane] ?? 0) + (x >> shift)] ?? 0);
	}

	function expectColour(x: number, y: number, colour: number[]) {
		for (const [plane, value] of at(x, y).entries())
			expect(Math.abs(value - (colour[plane] ?? 0)), `plane ${plane} at ${x}, ${y}`).toBeLessThanOrEqual(2);
	}

	beforeEach(() => {
		picture = new TilePicture(new MatrixKernel());
	});

	afterEach(() => {
		picture.close();
		for (const frame of frames.splice(0)) frame.free();
	});

	it.each([
		["BT.601, as browsers send it", [81, 90, 240], AVCOL_SPC_SMPTE170M, AVCOL_RANGE_MPEG],
		["BT.709", [63, 102, 240], AVCOL_SPC_BT709, AVCOL_RANGE_MPEG],
		["BT.601 of full range", [76, 85, 255], AVCOL_SPC_SMPTE170M, AVCOL_RANGE_JPEG],
	] as const)("is the same red from %s", (_, colour, space, range) => {
		const size = { width: 618, height: 346 };
		expect(picture.show(solid({ width: 1280, height: 720 }, [...colour], space, range), size, "cover")).toBe(true);
		for (const [x, y] of [
			[0, 0],
			[617, 345],
			[308, 172],
		] as const)
			expectColour(x, y, [63, 102, 240]);
	});

	it("follows frames and tiles that change their size", () => {
		for (const [frame, tile] of [
			[
				{ width: 640, height: 360 },
				{ width: 616, height: 346 },
			],
			[
				{ width: 322, height: 182 },
				{ width: 1280, height: 720 },
			],
			[
				{ width: 1281, height: 721 },
				{ width: 130, height: 74 },
			],
		] as const) {
			expect(picture.show(solid(frame, [81, 90, 240], AVCOL_SPC_SMPTE170M), tile, "cover")).toBe(true);
			expect(picture.image).toMatchObject(tile);
			expectColour(0, 0, [63, 102, 240]);
			expectColour(tile.width - 1, tile.height - 1, [63, 102, 240]);
		}
	});

	it("sets a phone held upright into black", () => {
		picture.show(
			solid({ width: 360, height: 640 }, [81, 90, 240], AVCOL_SPC_SMPTE170M),
			{ width: 616, height: 346 },
			"cover",
		);
		expect(at(20, 20)).toEqual([16, 128, 128]);
		expect(at(600, 300)).toEqual([16, 128, 128]);
		expectColour(308, 172, [63, 102, 240]);
	});

	it("refuses what nothing can be made of, and keeps what was there", () => {
		const size = { width: 616, height: 346 };
		picture.show(solid({ width: 640, height: 360 }, [81, 90, 240], AVCOL_SPC_SMPTE170M), size, "cover");
		expect(picture.show(solid({ width: 16_384, height: 16 }, [81, 90, 240], AVCOL_SPC_SMPTE170M), size, "cover")).toBe(
			false,
		);
		const empty = solid({ width: 640, height: 360 }, [81, 90, 240], AVCOL_SPC_SMPTE170M);
		empty.unref();
		expect(picture.show(empty, size, "cover")).toBe(false);
		expectColour(308, 172, [63, 102, 240]);
	});
});

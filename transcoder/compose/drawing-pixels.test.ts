import { expect, it } from "vitest";
import { imageOf, overlayOf } from "./drawing-pixels.ts";

type Rgba = [number, number, number, number];

const pixels = (...colours: Rgba[]) => Uint8ClampedArray.from(colours.flat());
const planes = ({ planes: all }: { planes: readonly Uint8Array[] }) => all.map((plane) => [...plane]);

const WHITE: Rgba = [255, 255, 255, 255];
const BLACK: Rgba = [0, 0, 0, 255];
const CLEAR: Rgba = [0, 0, 0, 0];

/** Of colour bars, by ITU-R BT.709 in limited range. */
it.each([
	["white", WHITE, [235, 128, 128]],
	["black", BLACK, [16, 128, 128]],
	["red", [255, 0, 0, 255], [63, 102, 240]],
	["green", [0, 255, 0, 255], [173, 42, 26]],
	["blue", [0, 0, 255, 255], [32, 240, 118]],
] as [string, Rgba, number[]][])("turns %s into BT.709", (_, colour, [y = 0, u = 0, v = 0]) => {
	const image = imageOf(pixels(colour, colour, colour, colour), { width: 2, height: 2 });
	expect(planes(image)).toEqual([[y, y, y, y], [u], [v]]);
	const beside = imageOf(pixels(colour, WHITE, colour, WHITE), { width: 2, height: 2 });
	expect([beside.planes[0][0], beside.planes[0][1]]).toEqual([y, 235]);
});

it("gives four pixels their mean colour, in their own rows", () => {
	const red: Rgba = [255, 0, 0, 255];
	const image = imageOf(pixels(red, BLACK, WHITE, WHITE, BLACK, red, WHITE, WHITE), { width: 4, height: 2 });
	expect(planes(image)).toEqual([
		[63, 16, 235, 235, 16, 63, 235, 235],
		[115, 128],
		[184, 128],
	]);
});

it("takes the colour of a half-covered edge from what is covered", () => {
	const overlay = overlayOf(pixels([255, 0, 0, 255], CLEAR, [255, 0, 0, 127], CLEAR), { width: 2, height: 2 });
	expect(planes(overlay.image).slice(1)).toEqual([[102], [240]]);
	expect([...overlay.lumaAlpha]).toEqual([255, 0, 127, 0]);
	expect([...overlay.chromaAlpha]).toEqual([96]);
});

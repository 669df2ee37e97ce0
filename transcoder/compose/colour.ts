import type { Colour } from "./i420.ts";

/** Of red and of blue in luma: ITU-R BT.601 and BT.709. */
const BT601 = { red: 0.299, blue: 0.114 };
const BT709 = { red: 0.2126, blue: 0.0722 };

/** #rrggbb in BT.709, limited range. */
export function colourOf(hex: string): Colour {
	const value = Number.parseInt(hex.slice(1), 16);
	return fromRgb([(value >> 16) & 255, (value >> 8) & 255, value & 255].map((part) => part / 255)).map(
		Math.round,
	) as unknown as Colour;
}

/**
 * What a picture's chroma (distance from 128) adds to each plane to make BT.709 of BT.601, both in limited range; luma
 * itself stays as it is.
 */
export function matrixCorrection(): { u: [number, number, number]; v: [number, number, number] } {
	const grey = fromRgb(rgbOf601(128, 0, 0));
	const of = (u: number, v: number): [number, number, number] => {
		const [y, u709, v709] = fromRgb(rgbOf601(128, u, v));
		return [y - grey[0], u709 - 128 - u, v709 - 128 - v];
	};
	return { u: of(1, 0), v: of(0, 1) };
}

function rgbOf601(y: number, u: number, v: number): number[] {
	const luma = (y - 16) / 219;
	const red = luma + (v / 224) * 2 * (1 - BT601.red);
	const blue = luma + (u / 224) * 2 * (1 - BT601.blue);
	return [red, (luma - BT601.red * red - BT601.blue * blue) / (1 - BT601.red - BT601.blue), blue];
}

function fromRgb([red = 0, green = 0, blue = 0]: number[]): [number, number, number] {
	const luma = BT709.red * red + (1 - BT709.red - BT709.blue) * green + BT709.blue * blue;
	return [
		16 + 219 * luma,
		128 + (112 * (blue - luma)) / (1 - BT709.blue),
		128 + (112 * (red - luma)) / (1 - BT709.red),
	];
}

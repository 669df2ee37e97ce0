import { expect, it } from "vitest";
import { bytesIn, correct, MatrixKernel, pictureIn } from "./matrix-kernel.ts";

/** R'G'B', 0 to 1. */
type Rgb = readonly [number, number, number];

/** From the definitions of the standards, in limited range. */
function yuv([r, g, b]: Rgb, red: number, blue: number): number[] {
	const luma = red * r + (1 - red - blue) * g + blue * b;
	return [16 + 219 * luma, 128 + (112 * (b - luma)) / (1 - blue), 128 + (112 * (r - luma)) / (1 - red)];
}

function allocate(size: { width: number; height: number }) {
	const stride = Math.ceil(size.width / 64) * 64;
	const strides: [number, number, number] = [stride, stride, stride];
	const memory = new MatrixKernel().allocate(bytesIn(size, strides));
	return { memory, picture: pictureIn(memory, size, strides) };
}

it("makes of every colour of BT.601 the same of BT.709, at odd sizes as well", () => {
	const levels = [0, 0.25, 0.5, 0.75, 1];
	const colours = levels.flatMap((r) => levels.flatMap((g) => levels.map((b): Rgb => [r, g, b])));
	// One column of 2x2 pixels for each colour.
	const [width, height] = [colours.length * 2, 6];
	const { memory, picture } = allocate({ width, height });
	for (const [column, colour] of colours.entries()) {
		const [y = 0, u = 0, v = 0] = yuv(colour, 0.299, 0.114);
		for (let row = 0; row < height; row++)
			for (const x of [0, 1]) picture.planes[0][row * picture.strides[0] + column * 2 + x] = Math.round(y);
		for (let row = 0; row < height / 2; row++) {
			picture.planes[1][row * picture.strides[1] + column] = Math.round(u);
			picture.planes[2][row * picture.strides[2] + column] = Math.round(v);
		}
	}
	correct(memory, picture);
	for (const [column, colour] of colours.entries()) {
		const [y = 0, u = 0, v = 0] = yuv(colour, 0.2126, 0.0722);
		for (let row = 0; row < height; row++) {
			const luma = picture.planes[0][row * picture.strides[0] + column * 2 + (row % 2)] ?? 0;
			// Three roundings.
			expect(Math.abs(luma - y)).toBeLessThanOrEqual(1.5);
		}
		for (let row = 0; row < height / 2; row++) {
			expect(Math.abs((picture.planes[1][row * picture.strides[1] + column] ?? 0) - u)).toBeLessThanOrEqual(1.5);
			expect(Math.abs((picture.planes[2][row * picture.strides[2] + column] ?? 0) - v)).toBeLessThanOrEqual(1.5);
		}
	}
});

it("keeps what cannot be at the ends of its range", () => {
	const { memory, picture } = allocate({ width: 2, height: 2 });
	for (const [plane, value] of [0, 255, 255].entries()) picture.planes[plane]?.fill(value);
	correct(memory, picture);
	expect(picture.planes.map(([first]) => first)).toEqual([0, 255, 255]);
});

import type { Size } from "../programme-format.ts";
import { even, gutterOf, spanOf } from "./measures.ts";
import type { Rect } from "./placement.ts";

/** Height of a tile in a column that has room, as a share of its width: a camera of 16:9 loses a third, at its sides. */
const TALLEST = 5 / 6;

/**
 * One large tile on the left and up to `perColumn` in a column on its right, in the middle of its height. At 16:9 a column
 * leaves the large tile more than a strip below would, and its size stays the same however many stand beside it. A full
 * column has tiles of 16:9; fewer are higher. First the large one.
 */
export function featuredRects(count: number, perColumn: number, canvas: Size): Rect[] {
	const gutter = gutterOf(canvas);
	const inColumn = count - 1;
	const heightOf = (tiles: number) => even((canvas.height - gutter * (tiles + 1)) / tiles);
	const width = even((heightOf(perColumn) * 16) / 9);
	const height = Math.min(heightOf(inColumn), even(width * TALLEST));
	const large = {
		x: gutter,
		y: gutter,
		width: even(canvas.width - 3 * gutter - width),
		height: canvas.height - 2 * gutter,
	};
	const x = large.x + large.width + gutter;
	const top = even((canvas.height - spanOf(inColumn, height, gutter)) / 2);
	const column = Array.from({ length: inColumn }, (_, index) => ({
		x,
		y: top + index * (height + gutter),
		width,
		height,
	}));
	return [large, ...column];
}

/** The whole canvas, and over its bottom right corner a 16:9 tile of two ninths of its height. */
export function pictureInPictureRects(canvas: Size): Rect[] {
	const margin = 2 * gutterOf(canvas);
	const height = even((canvas.height * 2) / 9);
	const width = even((height * 16) / 9);
	const corner = { x: canvas.width - margin - width, y: canvas.height - margin - height, width, height };
	return [{ x: 0, y: 0, ...canvas }, corner];
}

/** Two beside each other, of 4:3: they fill more of the canvas than 16:9 would, and a camera loses only its sides. */
export function sideBySideRects(canvas: Size): Rect[] {
	const gutter = gutterOf(canvas);
	const width = even((canvas.width - 3 * gutter) / 2);
	const height = even(Math.min(canvas.height - 2 * gutter, (width * 3) / 4));
	const y = even((canvas.height - height) / 2);
	const left = even((canvas.width - spanOf(2, width, gutter)) / 2);
	return [left, left + width + gutter].map((x) => ({ x, y, width, height }));
}

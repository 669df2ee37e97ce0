import { programmeFormat } from "../programme-format.ts";

/** In pixels of the canvas, all even: chroma has half the resolution. */
export interface Rect {
	x: number;
	y: number;
	width: number;
	height: number;
}

/** Between tiles and around them. */
const GUTTER = 16;

/**
 * Places of `count` tiles, row by row from the top left. One fills the canvas. More stand in ceil(sqrt(count)) columns, no
 * taller than 16:9, with the same gutter between all of them; an incomplete last row is centred.
 */
export function gridRects(count: number): Rect[] {
	const { width, height } = programmeFormat;
	if (count === 1) return [{ x: 0, y: 0, width, height }];
	const columns = Math.ceil(Math.sqrt(count));
	const rows = Math.ceil(count / columns);
	const tileWidth = even((width - GUTTER * (columns + 1)) / columns);
	const tileHeight = even(Math.min((height - GUTTER * (rows + 1)) / rows, (tileWidth * 9) / 16));
	const top = even((height - spanOf(rows, tileHeight)) / 2);
	return Array.from({ length: count }, (_, index) => {
		const row = Math.floor(index / columns);
		const inRow = Math.min(columns, count - row * columns);
		const left = even((width - spanOf(inRow, tileWidth)) / 2);
		return {
			x: left + (index % columns) * (tileWidth + GUTTER),
			y: top + row * (tileHeight + GUTTER),
			width: tileWidth,
			height: tileHeight,
		};
	});
}

function spanOf(count: number, size: number): number {
	return count * size + (count - 1) * GUTTER;
}

function even(value: number): number {
	return Math.floor(value / 2) * 2;
}

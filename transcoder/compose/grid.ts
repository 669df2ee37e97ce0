import type { Size } from "../programme-format.ts";
import { even, gutterOf, spanOf } from "./measures.ts";
import type { Rect } from "./placement.ts";

/**
 * Places of `count` equal 16:9 tiles, row by row from the top left: as large as ceil(sqrt(count)) columns let them be, in
 * the middle of the canvas, the last row centred. One fills the canvas.
 */
export function gridRects(count: number, canvas: Size): Rect[] {
	const { width, height } = canvas;
	if (count === 1) return [{ x: 0, y: 0, width, height }];
	const gutter = gutterOf(canvas);
	const columns = Math.ceil(Math.sqrt(count));
	const rows = Math.ceil(count / columns);
	const room = {
		width: (width - gutter * (columns + 1)) / columns,
		height: (height - gutter * (rows + 1)) / rows,
	};
	const tile = {
		width: even(Math.min(room.width, (room.height * 16) / 9)),
		height: even(Math.min(room.height, (room.width * 9) / 16)),
	};
	const top = even((height - spanOf(rows, tile.height, gutter)) / 2);
	return Array.from({ length: count }, (_, index) => {
		const row = Math.floor(index / columns);
		const inRow = Math.min(columns, count - row * columns);
		const left = even((width - spanOf(inRow, tile.width, gutter)) / 2);
		return {
			x: left + (index % columns) * (tile.width + gutter),
			y: top + row * (tile.height + gutter),
			...tile,
		};
	});
}

import type { Size } from "../programme-format.ts";

/** Between tiles, and between them and the canvas's edge: 16 pixels at 720 lines. */
export function gutterOf({ height }: Size): number {
	return Math.max(2, even(height / 45));
}

/** Of a tile's rounded corners: 12 pixels at 720 lines. */
export function radiusOf({ height }: Size): number {
	return Math.round(height / 60);
}

/** The nearest even number that is not above `value`. */
export function even(value: number): number {
	return Math.floor(value / 2) * 2;
}

/** What `count` tiles of `size` in a row (or a column) take, with the gutters between them. */
export function spanOf(count: number, size: number, gutter: number): number {
	return count * size + (count - 1) * gutter;
}

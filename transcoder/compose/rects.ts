import type { Rect } from "./placement.ts";

/** What both have in common, undefined for nothing. */
export function intersection(a: Rect, b: Rect): Rect | undefined {
	const x = Math.max(a.x, b.x);
	const y = Math.max(a.y, b.y);
	const width = Math.min(a.x + a.width, b.x + b.width) - x;
	const height = Math.min(a.y + a.height, b.y + b.height) - y;
	return width > 0 && height > 0 ? { x, y, width, height } : undefined;
}

/** Whether all of `inner` lies within `outer`. */
export function contains(outer: Rect, inner: Rect): boolean {
	return (
		inner.x >= outer.x &&
		inner.y >= outer.y &&
		inner.x + inner.width <= outer.x + outer.width &&
		inner.y + inner.height <= outer.y + outer.height
	);
}

export function sameRect(a: Rect, b: Rect): boolean {
	return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
}

/** The four corner squares of a rounded rectangle, clockwise from the top left. `radius` is even. */
export function cornersOf({ x, y, width, height }: Rect, radius: number): Rect[] {
	if (radius === 0) return [];
	const right = x + width - radius;
	const bottom = y + height - radius;
	return [
		{ x, y, width: radius, height: radius },
		{ x: right, y, width: radius, height: radius },
		{ x: right, y: bottom, width: radius, height: radius },
		{ x, y: bottom, width: radius, height: radius },
	];
}

/** All of a rounded rectangle but its corner squares. */
export function bodyOf(rect: Rect, radius: number): Rect[] {
	if (radius === 0) return [rect];
	const { x, y, width, height } = rect;
	const between = { x: x + radius, width: width - 2 * radius, height: radius };
	return [
		{ ...between, y },
		{ x, y: y + radius, width, height: height - 2 * radius },
		{ ...between, y: y + height - radius },
	];
}

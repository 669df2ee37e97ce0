import { blendColour, type Colour, type I420 } from "./i420.ts";
import type { Rect } from "./placement.ts";
import { cornersOf, intersection } from "./rects.ts";
import { coverageFrom, distanceTo, share } from "./rounded.ts";

/** Around a tile, outside of it. */
export interface Ring {
	rect: Rect;
	/** Of the tile's corners. */
	radius: number;
	/** In pixels, even. */
	width: number;
}

/** The areas that a ring touches: of the tile its corners alone, which are all that is drawn of it for each picture. */
export function areasOf(ring: Ring): Rect[] {
	const { x, y, width, height } = ring.rect;
	const along = { x: x + ring.radius, width: width - 2 * ring.radius, height: ring.width };
	const beside = { y: y + ring.radius, width: ring.width, height: height - 2 * ring.radius };
	return [
		{ ...along, y: y - ring.width },
		{ ...along, y: y + height },
		{ ...beside, x: x - ring.width },
		{ ...beside, x: x + width },
		...cornersOf(around(ring), ring.width + ring.radius),
	];
}

/** Draws what lies within `clip`. `opacity`: 0 to 1. */
export function paintRing(ring: Ring, colour: Colour, opacity: number, to: I420, clip: Rect): void {
	const { rect, radius, width } = ring;
	const outside = around(ring);
	const outer = radius === 0 ? 0 : radius + width;
	for (const area of areasOf(ring)) {
		const part = intersection(area, clip);
		if (!part) continue;
		const coverage = coverageFrom(part, (x, y, pixel) => {
			const inside = share(distanceTo(rect, radius, x, y), pixel);
			return share(distanceTo(outside, outer, x, y), pixel) * (1 - inside);
		});
		blendColour(colour, coverage, to, part, opacity);
	}
}

function around({ rect: { x, y, width, height }, width: ring }: Ring): Rect {
	return { x: x - ring, y: y - ring, width: width + 2 * ring, height: height + 2 * ring };
}

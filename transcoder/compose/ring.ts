import { blendColour, type Colour, type I420 } from "./i420.ts";
import type { Rect } from "./placement.ts";
import { intersection } from "./rects.ts";
import { coverageFrom, distanceTo, share } from "./rounded.ts";

/** Around a tile, outside of it. */
export interface Ring {
	rect: Rect;
	/** Of the tile's corners. */
	radius: number;
	/** In pixels, even. */
	width: number;
}

/** The areas that a ring touches. */
export function bandsOf({ rect: { x, y, width, height }, radius, width: ring }: Ring): Rect[] {
	const band = ring + radius;
	const across = { x: x - ring, width: width + 2 * ring, height: band };
	const beside = { y: y + radius, width: ring, height: height - 2 * radius };
	return [
		{ ...across, y: y - ring },
		{ ...across, y: y + height - radius },
		{ ...beside, x: x - ring },
		{ ...beside, x: x + width },
	];
}

/** Draws what lies within `clip`. `opacity`: 0 to 1. */
export function paintRing(ring: Ring, colour: Colour, opacity: number, to: I420, clip: Rect): void {
	const { rect, radius, width } = ring;
	const around = {
		x: rect.x - width,
		y: rect.y - width,
		width: rect.width + 2 * width,
		height: rect.height + 2 * width,
	};
	const outer = radius === 0 ? 0 : radius + width;
	for (const band of bandsOf(ring)) {
		const part = intersection(band, clip);
		if (!part) continue;
		const coverage = coverageFrom(part, (x, y, pixel) => {
			const inside = share(distanceTo(rect, radius, x, y), pixel);
			return share(distanceTo(around, outer, x, y), pixel) * (1 - inside);
		});
		blendColour(colour, coverage, to, part, opacity);
	}
}

import type { Coverage } from "./i420.ts";
import type { Rect } from "./placement.ts";

/**
 * How far a point is from the edge of a rounded rectangle, in pixels; negative inside. Half a pixel on either side of the
 * edge is what is drawn in part.
 */
export function distanceTo({ x, y, width, height }: Rect, radius: number, atX: number, atY: number): number {
	const beyondX = Math.abs(atX - x - width / 2) - width / 2 + radius;
	const beyondY = Math.abs(atY - y - height / 2) - height / 2 + radius;
	const outside = Math.hypot(Math.max(beyondX, 0), Math.max(beyondY, 0));
	return outside + Math.min(Math.max(beyondX, beyondY), 0) - radius;
}

/** Coverage of the four corner squares of rounded rectangles, in the order of `cornersOf`, made once for each radius. */
export class CornerMasks {
	readonly #masks = new Map<number, Coverage[]>();

	of(radius: number): Coverage[] {
		let masks = this.#masks.get(radius);
		if (!masks) {
			const whole = { x: 0, y: 0, width: 2 * radius, height: 2 * radius };
			masks = [
				[0, 0],
				[radius, 0],
				[radius, radius],
				[0, radius],
			].map(([left = 0, top = 0]) =>
				coverageFrom({ x: left, y: top, width: radius, height: radius }, (x, y, pixel) =>
					share(distanceTo(whole, radius, x, y), pixel),
				),
			);
			this.#masks.set(radius, masks);
		}
		return masks;
	}
}

/** `covered` is asked for the middle of each pixel, whose side it is told. */
export function coverageFrom(area: Rect, covered: (x: number, y: number, pixel: number) => number): Coverage {
	const plane = (pixel: 1 | 2) => {
		const width = area.width / pixel;
		const alpha = new Uint8Array((width * area.height) / pixel);
		for (let i = 0; i < alpha.length; i++) {
			const x = area.x + ((i % width) + 0.5) * pixel;
			const y = area.y + (Math.floor(i / width) + 0.5) * pixel;
			alpha[i] = Math.round(255 * covered(x, y, pixel));
		}
		return alpha;
	};
	return { width: area.width, lumaAlpha: plane(1), chromaAlpha: plane(2) };
}

/** Of a pixel at that distance from an edge, how much lies inside. */
export function share(distance: number, pixel: number): number {
	return Math.min(1, Math.max(0, 0.5 - distance / pixel));
}

import { describe, expect, it } from "vitest";
import { gridRects } from "./grid.ts";

const canvases = [
	{ width: 1920, height: 1080, gutter: 24 },
	{ width: 1280, height: 720, gutter: 16 },
	{ width: 426, height: 240, gutter: 4 },
];

describe.each(canvases)("a grid on $width x $height", ({ gutter, ...canvas }) => {
	it.each(Array.from({ length: 16 }, (_, index) => index + 1))(
		"keeps %i even, of 16:9, equal, apart and in the middle",
		(count) => {
			const rects = gridRects(count, canvas);
			expect(rects).toHaveLength(count);
			const [first = { x: 0, y: 0, width: 0, height: 0 }] = rects;
			expect(Math.abs(first.height - (first.width * 9) / 16)).toBeLessThan(2);
			for (const [index, rect] of rects.entries()) {
				for (const value of Object.values(rect)) expect(value % 2).toBe(0);
				expect([rect.width, rect.height]).toEqual([first.width, first.height]);
				const next = rects[index + 1];
				if (next?.y === rect.y) expect(next.x - rect.x - rect.width).toBe(gutter);
				else if (next) expect(next.y - rect.y - rect.height).toBe(gutter);
			}
			for (const y of new Set(rects.map((rect) => rect.y))) {
				const row = rects.filter((rect) => rect.y === y);
				const left = row[0]?.x ?? 0;
				const right = canvas.width - (row.at(-1)?.x ?? 0) - first.width;
				expect(Math.abs(left - right)).toBeLessThanOrEqual(2);
			}
			const last = rects.at(-1) ?? first;
			expect(Math.abs(first.y - (canvas.height - last.y - last.height))).toBeLessThanOrEqual(2);
			if (count > 1) expect(Math.min(first.x, first.y)).toBeGreaterThanOrEqual(gutter);
		},
	);
});

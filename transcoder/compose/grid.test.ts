import { describe, expect, it } from "vitest";
import { gridRects } from "./grid.ts";

describe("grid", () => {
	it("gives one person the canvas", () => {
		expect(gridRects(1)).toEqual([{ x: 0, y: 0, width: 1280, height: 720 }]);
	});

	it("sets two beside each other, and a third in the middle below", () => {
		expect(gridRects(2)).toEqual([
			{ x: 16, y: 186, width: 616, height: 346 },
			{ x: 648, y: 186, width: 616, height: 346 },
		]);
		expect(gridRects(3)).toEqual([
			{ x: 16, y: 16, width: 616, height: 336 },
			{ x: 648, y: 16, width: 616, height: 336 },
			{ x: 332, y: 368, width: 616, height: 336 },
		]);
	});

	it.each(Array.from({ length: 16 }, (_, index) => index + 1))(
		"keeps %i even, equal, apart and on the canvas",
		(count) => {
			const rects = gridRects(count);
			expect(rects).toHaveLength(count);
			for (const [index, rect] of rects.entries()) {
				for (const value of Object.values(rect)) expect(value % 2).toBe(0);
				expect([rect.width, rect.height]).toEqual([rects[0]?.width, rects[0]?.height]);
				expect(rect.x >= 0 && rect.y >= 0 && rect.x + rect.width <= 1280 && rect.y + rect.height <= 720).toBe(true);
				expect(rect.height).toBeLessThanOrEqual((rect.width * 9) / 16);
				const right = rects[index + 1];
				if (right?.y === rect.y) expect(right.x - rect.x - rect.width).toBe(16);
				else if (right) expect(right.y - rect.y - rect.height).toBe(16);
			}
		},
	);
});

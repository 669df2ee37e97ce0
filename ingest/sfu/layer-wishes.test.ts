import { expect, test } from "vitest";
import { usefulLayer, usualHeight } from "./layer-wishes.ts";

const layers = (heights: (number | undefined)[], silent: number[] = []) =>
	heights.map((height, at) => ({ height, active: !silent.includes(at) }));

test.each([
	[[180, 360, 720], [], 1080, 2],
	[[180, 360, 720], [], 720, 2],
	[[180, 360, 720], [], 540, 2],
	[[180, 360, 720], [], 360, 1],
	[[176, 352, 704], [], 360, 1],
	[[180, 360, 720], [], 100, 0],
	// The best is left out by its publisher.
	[[180, 360, 720], [2], 720, 1],
	[[180, 360, 720], [1], 360, 2],
	[[180, 360, 720], [0, 1, 2], 360, -1],
	[[], [], 360, -1],
	[[undefined], [], 180, 0],
	// Nothing tells its height.
	[[undefined, undefined, undefined], [], 1080, 2],
	[[undefined, undefined, undefined], [], 720, 1],
	[[undefined, undefined, undefined], [], 360, 0],
] as const)(
	"of layers of %j lines (%j silent), for %i lines the one of use is %i",
	(heights, silent, height, expected) => {
		expect(usefulLayer(layers([...heights], [...silent]), height)).toBe(expected);
	},
);

test("the more there are, the smaller they are; a screen is large, and those beside it small", () => {
	const heights = [1, 2, 4, 6, 12].map((people) => usualHeight("camera", people, 0));
	expect(heights).toEqual([1080, 720, 540, 360, 180]);
	expect([usualHeight("screen", 6, 1), usualHeight("camera", 6, 1)]).toEqual([1080, 180]);
});

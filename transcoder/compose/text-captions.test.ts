import { expect, it } from "vitest";
import { plainBrand } from "../../core/protocol/brand.ts";
import { Studio } from "./drawing.ts";
import { drawLowerThird, drawTitle } from "./text-captions.ts";
import type { PlacedOverlay } from "./text-scale.ts";

const studio = new Studio();
const sizes = [
	{ width: 1920, height: 1080 },
	{ width: 1280, height: 720 },
	{ width: 426, height: 240 },
];
const TITLES = [
	"Analytical Engines",
	"W".repeat(300),
	"山".repeat(100),
	"مؤتمر المحركات التحليلية ".repeat(10),
	"",
	"😀",
];
/** Of the accent below, in BT.709. */
const RED = [63, 102, 240];
const brand = { ...plainBrand, accent: "#ff0000" };

it.each(TITLES)("keeps a title in the top left, beside the logo: %#", (title) => {
	for (const canvas of sizes) {
		const placed = drawTitle(studio, title, canvas);
		expect([placed.x % 2, placed.y % 2]).toEqual([0, 0]);
		expect(placed.x + placed.overlay.image.width).toBeLessThan(canvas.width * 0.8);
		expect(placed.y + placed.overlay.image.height).toBeLessThan(canvas.height * 0.15);
		expectInkWithin(placed);
	}
});

it.each(TITLES)("keeps a lower third in the lower third, clear of the edges: %#", (title) => {
	for (const canvas of sizes) {
		const placed = drawLowerThird(studio, { title, subtitle: title }, canvas, { ...brand, accent: "#000000" });
		expect([placed.x % 2, placed.y % 2]).toEqual([0, 0]);
		expect(placed.x + placed.overlay.image.width).toBeLessThan(canvas.width * 0.85);
		expect(placed.y).toBeGreaterThan(canvas.height * 0.6);
		expect(placed.y + placed.overlay.image.height).toBeLessThan(canvas.height * 0.92);
		expectInkWithin(placed);
	}
});

it("marks the side a lower third is read from in the brand's colour", () => {
	const colourAt = ({ overlay: { image } }: PlacedOverlay, x: number) => {
		const y = image.height >> 1;
		const chroma = (y >> 1) * (image.width >> 1) + (x >> 1);
		return [image.planes[0][y * image.width + x], image.planes[1][chroma], image.planes[2][chroma]];
	};
	const canvas = sizes[0] ?? expect.fail();
	const left = drawLowerThird(studio, { title: "Ada Lovelace", subtitle: "Countess" }, canvas, brand);
	expect(colourAt(left, 4)).toEqual(RED);
	expect(colourAt(left, left.overlay.image.width - 4)).not.toEqual(RED);
	const right = drawLowerThird(studio, { title: "محمد", subtitle: "Countess" }, canvas, brand);
	expect(colourAt(right, 4)).not.toEqual(RED);
	expect(colourAt(right, right.overlay.image.width - 4)).toEqual(RED);
});

it("has one line for one text", () => {
	const canvas = sizes[0] ?? expect.fail();
	const one = drawLowerThird(studio, { title: "Ada", subtitle: "" }, canvas, brand);
	const two = drawLowerThird(studio, { title: "Ada", subtitle: "Countess" }, canvas, brand);
	expect(two.overlay.image.height - one.overlay.image.height).toBeGreaterThan(40);
});

/** Light letters, with scrim on all sides of them. */
function expectInkWithin({ overlay: { image } }: PlacedOverlay): void {
	const { width, height } = image;
	for (const [at, value] of image.planes[0].entries()) {
		if (value < 150) continue;
		const [x, y] = [at % width, Math.floor(at / width)];
		expect(y > 1 && y < height - 2 && x > 4 && x < width - 2, `${x},${y} of ${width}x${height}`).toBe(true);
	}
}

import { expect, it } from "vitest";
import { plainBrand } from "../../core/protocol/brand.ts";
import { Studio } from "./drawing.ts";
import type { I420 } from "./i420.ts";
import { drawPlaceholder } from "./text-placeholder.ts";

const studio = new Studio();
const full = { width: 1920, height: 1080 };
const tile = { width: 640, height: 360 };
const brandOf = (background: string) => ({ ...plainBrand, background });

it("shows initials in a circle, name and title below", () => {
	const image = drawPlaceholder(studio, { name: "Ada Lovelace", title: "Head of Research" }, tile, full, plainBrand);
	const bands = inkedRows(image);
	expect(bands).toHaveLength(3);
	const [circle, name, title] = bands as [Band, Band, Band];
	expect(circle.bottom - circle.top).toBeCloseTo(360 * 0.38, -1);
	expect(circle.right - circle.left).toBeCloseTo(360 * 0.38, -1);
	for (const { left, right } of bands) expect(Math.abs(left + right - 640)).toBeLessThan(12);
	expect(name.right - name.left).toBeGreaterThan(150);
	expect(title.bottom).toBeLessThan(340);
});

it("gives everybody their letters and colour", () => {
	const of = (name: string) => drawPlaceholder(studio, { name, title: "" }, tile, full, plainBrand);
	expect(colourInCircle(of("Ada Lovelace"))).not.toEqual(colourInCircle(of("Grace Hopper")));
	expect(of("Ada Lovelace").bytes).toEqual(of("Ada Lovelace").bytes);
});

it.each(["#0b0e15", "#ffffff", "#7f8c8d", "#ffd500", "#c0392b", "#777777"])("is readable on %s", (background) => {
	const image = drawPlaceholder(studio, { name: "Ada Lovelace", title: "Head" }, tile, full, brandOf(background));
	const light = (value: number) => Math.max(0, (value - 16) / 219) ** 2.2 + 0.05;
	const ground = light(image.planes[0][0] ?? 0);
	for (const { top, bottom } of inkedRows(image).slice(1)) {
		const rows = image.planes[0].subarray(top * 640, bottom * 640);
		const best = Math.max(...[...new Set(rows)].map((value) => Math.max(light(value) / ground, ground / light(value))));
		expect(best).toBeGreaterThan(3.5);
	}
});

it.each(["x".repeat(400), "山".repeat(100), "", "😀", "محمد بن سلمان", "a".repeat(60), "\u0301\u0302"])(
	"keeps anything within the tile: %#",
	(name) => {
		for (const size of [tile, { width: 1920, height: 1080 }, { width: 160, height: 90 }, { width: 90, height: 160 }]) {
			const image = drawPlaceholder(studio, { name, title: name }, size, full, plainBrand);
			expect([image.width, image.height]).toEqual([size.width, size.height]);
			for (const { left, right, top, bottom } of inkedRows(image)) {
				expect(left).toBeGreaterThan(0);
				expect(right).toBeLessThan(size.width);
				expect(top).toBeGreaterThan(0);
				expect(bottom).toBeLessThan(size.height);
			}
		}
	},
);

interface Band {
	left: number;
	right: number;
	top: number;
	bottom: number;
}

/** What differs from the ground, as bands of rows that hang together. */
function inkedRows({ planes: [luma], width, height }: I420): Band[] {
	const bands: Band[] = [];
	let band: Band | undefined;
	for (let y = 0; y < height; y++) {
		const row = luma.subarray(y * width, (y + 1) * width);
		const left = row.findIndex((value) => Math.abs(value - (luma[0] ?? 0)) > 12);
		if (left < 0) {
			band = undefined;
			continue;
		}
		const right = row.findLastIndex((value) => Math.abs(value - (luma[0] ?? 0)) > 12) + 1;
		if (!band) {
			band = { left, right, top: y, bottom: y + 1 };
			bands.push(band);
		} else Object.assign(band, { left: Math.min(band.left, left), right: Math.max(band.right, right), bottom: y + 1 });
	}
	return bands;
}

/** Beside the letters. */
function colourInCircle(image: I420): (number | undefined)[] {
	const circle = inkedRows(image)[0] ?? expect.fail();
	const y = circle.top + 12;
	const x = (circle.left + circle.right) >> 1;
	return image.planes.map((plane, index) => (index === 0 ? plane[y * 640 + x] : plane[(y >> 1) * 320 + (x >> 1)]));
}

import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { Studio } from "./drawing.ts";
import { blend, createI420, fillRect, type Overlay } from "./i420.ts";
import { createCanvas, GlobalFonts } from "./text-canvas.ts";
import { drawLabel } from "./text-label.ts";
import { labelMargin } from "./text-scale.ts";

const studio = new Studio();
const full = { width: 1920, height: 1080 };
const tile = { width: 640, height: 360 };
const family = "Reference Inter";
GlobalFonts.registerFromPath(
	fileURLToPath(import.meta.resolve("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2")),
	family,
);

it.each([
	["1080 lines", full, 1],
	["720 lines", { width: 1280, height: 720 }, 2 / 3],
] as const)("sets name and title as a reference has them: %s", (_, canvas, scale) => {
	const size = { width: tile.width * scale, height: tile.height * scale };
	const label = drawLabel(studio, { name: "Ada Lovelace", title: "Head of Research" }, size, canvas);
	const reference = createCanvas(label.image.width, label.image.height);
	const to = reference.getContext("2d");
	to.scale(scale, scale);
	to.fillStyle = "rgb(128, 128, 128)";
	to.fillRect(0, 0, 1000, 1000);
	const widths = [`600 32px "${family}"`, `500 27px "${family}"`].map((font, line) => {
		to.font = font;
		return to.measureText(["Ada Lovelace", "Head of Research"][line] as string).width;
	});
	const [width, height] = [Math.max(...widths) + 32, 59 * 1.3 + 14];
	expect(Math.abs(label.image.width - width * scale)).toBeLessThan(3);
	expect(Math.abs(label.image.height - height * scale)).toBeLessThan(3);
	to.fillStyle = "rgba(10, 12, 18, 0.78)";
	to.beginPath();
	to.roundRect(0, 0, label.image.width / scale, label.image.height / scale, 10);
	to.fill();
	to.font = `600 32px "${family}"`;
	to.fillStyle = "#f7f9fc";
	// Capitals are 0.727 of the size high, and stand in the middle of lines of 1.3.
	to.fillText("Ada Lovelace", 16, 7 + 32 * (0.65 + 0.727 / 2));
	to.font = `500 27px "${family}"`;
	to.fillStyle = "#cbd2e0";
	to.fillText("Head of Research", 16, 7 + 32 * 1.3 + 27 * (0.65 + 0.727 / 2));
	const expected = greys(to.getImageData(0, 0, reference.width, reference.height).data);
	const differences = lumaOver(label, 126).map((value, at) => Math.abs(value - (expected[at] ?? 0)));
	expect(differences.reduce((sum, one) => sum + one, 0) / differences.length).toBeLessThan(1);
	expect(differences.filter((one) => one > 40)).toHaveLength(0);
});

it("leaves the title out where the tile is small", () => {
	const small = { width: 300, height: 168 };
	const label = drawLabel(studio, { name: "Ada", title: "Head of Research" }, small, full);
	expect(label.image.height).toBe(drawLabel(studio, { name: "Ada", title: "" }, small, full).image.height);
	expect(drawLabel(studio, { name: "Ada", title: "x" }, tile, full).image.height).toBeGreaterThan(label.image.height);
});

it.each([
	"Maximilian von Wolfeschlegelsteinhausenbergerdorff the Younger",
	"محمد عبد الرحمن بن عبد العزيز آل سعود الكبير الأول",
	"山".repeat(60),
	"👩🏽‍🚀".repeat(40),
	"W".repeat(400),
])("keeps a long name within the tile, and its ink within the label: %s", (name) => {
	for (const size of [tile, { width: 300, height: 168 }, { width: 120, height: 68 }]) {
		const label = drawLabel(studio, { name, title: name }, size, full);
		expect(label.image.width).toBeLessThanOrEqual(size.width - 2 * labelMargin(full) + 2);
		const { box, inside } = inkOf(label);
		expect(inside).toBeGreaterThan(0);
		expect(box.left).toBeGreaterThanOrEqual(8);
		expect(box.right).toBeLessThanOrEqual(label.image.width - 8);
		expect(box.top).toBeGreaterThanOrEqual(2);
		expect(box.bottom).toBeLessThanOrEqual(label.image.height - 2);
	}
});

it("cuts between letters as readers count them", () => {
	const label = (count: number) => drawLabel(studio, { name: "👩🏽‍🚀".repeat(count), title: "" }, tile, full);
	// Whole pictures and the ellipsis: longer names look the same.
	expect(label(39).image.bytes).toEqual(label(40).image.bytes);
});

it("sets a name that is read from the right at the right", () => {
	const label = drawLabel(studio, { name: "محمد", title: "Minister of Foreign Affairs" }, tile, full);
	const { box } = inkOf({ ...label, image: rowsOf(label, 0, 46) });
	expect(label.image.width - box.right).toBeLessThan(24);
	expect(box.left).toBeGreaterThan(label.image.width / 2);
});

it.each(["", " ", "\ud800", "a\nb\tc", "\u202egnihtyna\u0000", "\u0301".repeat(200), "\u{10ffff}"])(
	"draws any name: %j",
	(name) => {
		const { image } = drawLabel(studio, { name, title: name }, tile, full);
		expect([image.width % 2, image.height % 2]).toEqual([0, 0]);
	},
);

it("is readable over white and over black", () => {
	const label = drawLabel(studio, { name: "Ada Lovelace", title: "Head of Research" }, tile, full);
	for (const below of [16, 235]) {
		const values = [...lumaOver(label, below)].slice(label.image.width * 10);
		const light = (value: number) => (Math.max(0, value - 16) / 219) ** 2.2 + 0.05;
		const scrim = values[label.image.width * 20 + 8] ?? 0;
		expect(light(Math.max(...values)) / light(scrim)).toBeGreaterThan(7);
	}
});

/** Luma as BT.709 has it, of what a canvas shows. */
function greys(rgba: Uint8ClampedArray): number[] {
	return Array.from({ length: rgba.length / 4 }, (_, at) => {
		const [red = 0, green = 0, blue = 0] = rgba.subarray(at * 4, at * 4 + 3);
		return 16 + ((0.2126 * red + 0.7152 * green + 0.0722 * blue) * 219) / 255;
	});
}

function lumaOver(overlay: Overlay, luma: number): Uint8Array {
	const { width, height } = overlay.image;
	const below = createI420(width, height);
	fillRect(below, { x: 0, y: 0, width, height }, [luma, 128, 128]);
	blend(overlay, below, 0, 0);
	return below.planes[0];
}

/** What is lighter than the scrim. */
function inkOf({ image }: Pick<Overlay, "image">) {
	const box = { left: image.width, right: 0, top: image.height, bottom: 0 };
	let inside = 0;
	for (const [at, value] of image.planes[0].entries()) {
		if (value < 90) continue;
		const [x, y] = [at % image.width, Math.floor(at / image.width)];
		inside++;
		box.left = Math.min(box.left, x);
		box.right = Math.max(box.right, x + 1);
		box.top = Math.min(box.top, y);
		box.bottom = Math.max(box.bottom, y + 1);
	}
	return { box, inside };
}

function rowsOf({ image }: Overlay, from: number, to: number) {
	const rows = createI420(image.width, to - from);
	rows.planes[0].set(image.planes[0].subarray(from * image.width, to * image.width));
	return rows;
}

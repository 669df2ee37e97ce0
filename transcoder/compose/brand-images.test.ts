import pino from "pino";
import { beforeEach, describe, expect, it } from "vitest";
import { type Brand, plainBrand } from "../../core/protocol/brand.ts";
import { imageSize } from "./brand-image-size.ts";
import { drawBackground, drawLogo, plainBackground } from "./brand-images.ts";
import { Studio } from "./drawing.ts";
import type { I420 } from "./i420.ts";
import { createCanvas } from "./text-canvas.ts";

const studio = new Studio();
const full = { width: 1920, height: 1080 };
let warnings: string[] = [];
const log = pino({ level: "warn" }, { write: (line) => warnings.push(line) });

const RED = [63, 102, 240];
const GREEN = [173, 42, 26];

/** Red, with a green disc in the middle. */
function picture(width: number, height: number) {
	const canvas = createCanvas(width, height);
	const to = canvas.getContext("2d");
	to.fillStyle = "#f00";
	to.fillRect(0, 0, width, height);
	to.fillStyle = "#0f0";
	to.fillRect(width * 0.4, height * 0.4, width * 0.2, height * 0.2);
	return canvas;
}

const withBackground = (file: Buffer): Brand => ({ ...plainBrand, backgroundImage: file.toString("base64") });
const withLogo = (file: Buffer): Brand => ({ ...plainBrand, logo: file.toString("base64") });

function expectColour({ planes, width }: I420, [x, y]: [number, number], colour: number[]) {
	const chroma = (y >> 1) * (width >> 1) + (x >> 1);
	const found = [planes[0][y * width + x], planes[1][chroma], planes[2][chroma]];
	for (const [plane, value] of colour.entries()) expect(Math.abs((found[plane] ?? 0) - value)).toBeLessThan(8);
}

beforeEach(() => {
	warnings = [];
});

describe("background", () => {
	it("is the brand's colour", () => {
		const image = plainBackground(studio, { ...plainBrand, background: "#ff0000" }, full);
		for (const at of [
			[0, 0],
			[1919, 1079],
			[960, 540],
		] as [number, number][])
			expectColour(image, at, RED);
	});

	it.each(["image/png", "image/jpeg", "image/webp"] as const)(
		"is covered by an image of another shape: %s",
		async (type) => {
			const file = picture(800, 800).toBuffer(type as "image/png");
			const image = (await drawBackground(studio, withBackground(file), full, log)) as I420;
			for (const at of [
				[2, 2],
				[1917, 2],
				[2, 1077],
				[1917, 1077],
			] as [number, number][])
				expectColour(image, at, RED);
			expectColour(image, [960, 540], GREEN);
			// As high as wide: what was 0.2 of 800 is 0.2 of 1920, both ways.
			expectColour(image, [960 - 180, 540 - 180], GREEN);
			expectColour(image, [960 - 200, 540], RED);
			expectColour(image, [960, 540 + 200], RED);
			expect(warnings).toEqual([]);
		},
	);

	it("is none without an image", async () => {
		expect(await drawBackground(studio, plainBrand, full, log)).toBeUndefined();
		expect(warnings).toEqual([]);
	});
});

describe("logo", () => {
	it.each([
		["wide", 1200, 100, 320, 28],
		["tall", 100, 400, 28, 112],
		["small", 64, 64, 112, 112],
	])("fits into the top right corner: %s", async (_, width, height, shownWidth, shownHeight) => {
		const placed = await drawLogo(studio, withLogo(picture(width, height).toBuffer("image/png")), full, log);
		const { overlay, x, y } = placed ?? expect.fail();
		expect([overlay.image.width, overlay.image.height]).toEqual([shownWidth, shownHeight]);
		expect([x, y]).toEqual([1920 - 40 - shownWidth, 40]);
		expectColour(overlay.image, [shownWidth / 2, shownHeight / 2], GREEN);
	});

	it("is as transparent as it was drawn, and scales with the canvas", async () => {
		const canvas = createCanvas(200, 200);
		const to = canvas.getContext("2d");
		to.fillStyle = "rgba(255, 0, 0, 0.5)";
		to.fillRect(0, 0, 100, 200);
		const small = { width: 1280, height: 720 };
		const { overlay } = (await drawLogo(studio, withLogo(canvas.toBuffer("image/png")), small, log)) ?? expect.fail();
		expect(overlay.image.height).toBe(76);
		expect(overlay.lumaAlpha[overlay.image.width * 30 + 10]).toBeGreaterThanOrEqual(126);
		expect(overlay.lumaAlpha[overlay.image.width * 30 + 10]).toBeLessThanOrEqual(129);
		expect(overlay.lumaAlpha[overlay.image.width * 30 + 60]).toBe(0);
	});
});

describe("a host's file", () => {
	const png = picture(64, 48).toBuffer("image/png");
	const jpeg = picture(64, 48).toBuffer("image/jpeg");
	const webp = picture(64, 48).toBuffer("image/webp", 80);
	const lossless = picture(64, 48).toBuffer("image/webp", 100);

	it("says how large it is", () => {
		for (const file of [png, jpeg, webp, lossless]) expect(imageSize(file)).toEqual({ width: 64, height: 48 });
	});

	it("is left out with a warning when it claims too much, at once", async () => {
		const bomb = Buffer.from(png);
		bomb.writeUInt32BE(100_000, 16);
		bomb.writeUInt32BE(100_000, 20);
		expect(await drawBackground(studio, withBackground(bomb), full, log)).toBeUndefined();
		expect(await drawLogo(studio, withLogo(bomb), full, log)).toBeUndefined();
		expect(warnings).toHaveLength(2);
		expect(warnings[0]).toContain("too large");
	});

	it.each([
		["nothing of an image", Buffer.from("hello")],
		["an SVG", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>')],
		["a GIF", Buffer.from("GIF89a\x01\x00\x01\x00\x00\x00\x00;", "latin1")],
		["a PNG of no width", Buffer.from(png).fill(0, 16, 20)],
	])("is left out with a warning: %s", async (_, file) => {
		expect(await drawBackground(studio, withBackground(file), full, log)).toBeUndefined();
		expect(warnings).toHaveLength(1);
	});

	it.each([
		["PNG", png],
		["JPEG", jpeg],
		["WebP", webp],
	])("never throws, wherever it ends or whatever byte is wrong: %s", async (_, file) => {
		const step = Math.ceil(file.length / 40);
		for (let at = 0; at < file.length; at += step) {
			await drawLogo(studio, withLogo(file.subarray(0, at)), full, log);
			const broken = Buffer.from(file);
			broken[at] = (broken[at] ?? 0) ^ 0xff;
			await drawLogo(studio, withLogo(broken), full, log);
		}
		expect(warnings.length).toBeGreaterThan(0);
	});
});

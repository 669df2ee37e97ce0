import type { Brand } from "../../core/protocol/brand.ts";
import type { ScenePerson } from "../../core/protocol/scene.ts";
import type { Size } from "../programme-format.ts";
import type { Studio } from "./drawing.ts";
import type { I420 } from "./i420.ts";
import { contrastOf, inksOn, LIGHT_INK, mixOf } from "./text-colours.ts";
import { drawLines, fitText } from "./text-fit.ts";
import { lettersOf } from "./text-letters.ts";
import { unitOf } from "./text-scale.ts";

/** A person's circle: one of these by their name, dark enough for white letters (contrast above 4.5). */
const CIRCLES = ["#3557c7", "#7a3fb8", "#a83a68", "#9a4a1f", "#1f6f5c", "#2b6a94"];

/** A tile without video: the person's initials, name and title. */
export function drawPlaceholder(
	studio: Studio,
	{ name, title }: Pick<ScenePerson, "name" | "title">,
	tile: Size,
	canvas: Size,
	brand: Brand,
): I420 {
	const { height } = tile;
	const unit = unitOf(canvas);
	const ground = groundOn(brand.background);
	const { ink, soft } = inksOn(ground);
	const largest = Math.max(unit * 32, height * 0.06);
	const width = tile.width * 0.88;
	const radius = Math.min(height * 0.19, tile.width * 0.2);
	const gap = radius * 0.25;
	const texts = [
		{ colour: ink, fitted: fitText(studio, name, { weight: 600, width, lines: 1, largest, least: unit * 28 }) },
		{
			colour: soft,
			fitted: fitText(studio, title, { weight: 500, width, lines: 1, largest: largest * 0.8, least: unit * 25 }),
		},
	].filter(({ fitted }) => fitted.lines.length > 0);
	const tall = () => texts.reduce((sum, { fitted }) => sum + fitted.lineHeight, radius * 2 + gap);
	// In a small tile what is most important.
	while (texts.length > 0 && tall() > height * 0.94) texts.pop();
	const initials = initialsOf(studio.readable(name));
	const letters = fitText(studio, initials, {
		weight: 600,
		width: radius * 1.5,
		lines: 1,
		largest: radius * 0.8,
		least: radius * 0.3,
	});
	return studio.image(tile.width, height, (to) => {
		to.fillStyle = ground;
		to.fillRect(0, 0, tile.width, height);
		const middle = (height - tall()) / 2 + radius + (texts.length > 0 ? 0 : gap / 2);
		const x = tile.width / 2;
		to.fillStyle = CIRCLES[hueOf(name) % CIRCLES.length] ?? brand.accent;
		to.beginPath();
		to.arc(x, middle, radius, 0, Math.PI * 2);
		to.fill();
		to.fillStyle = LIGHT_INK;
		drawLines(to, letters, { x, top: middle - letters.lineHeight / 2, align: "center" });
		let top = middle + radius + gap;
		for (const { colour, fitted } of texts) {
			to.fillStyle = colour;
			drawLines(to, fitted, { x, top, align: "center" });
			top += fitted.lineHeight;
		}
	});
}

/** A tile's colour: beside the background's, and as far from its ink. */
function groundOn(background: string): string {
	const { ink } = inksOn(background);
	const towards = mixOf(background, ink, 0.1);
	return contrastOf(towards, ink) > 7 ? towards : mixOf(background, ink === LIGHT_INK ? "#000000" : "#ffffff", 0.16);
}

/** Of the first and the last word that begin with a letter, if any does. */
function initialsOf(name: string): string {
	const words = name.split(" ").filter(Boolean);
	const lettered = words.filter((word) => /^\p{L}/u.test(word));
	const chosen = lettered.length > 0 ? lettered : words;
	const ends = chosen.length > 1 ? [chosen[0], chosen.at(-1)] : chosen;
	// Letters that would join, as in Arabic, are kept apart.
	return ends
		.map((word) => lettersOf(word ?? "")[0] ?? "")
		.join("\u200c")
		.toLocaleUpperCase();
}

function hueOf(name: string): number {
	let sum = 0;
	for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
	return sum;
}

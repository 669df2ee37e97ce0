import type { Drawing, Studio } from "./drawing.ts";
import { lettersOf } from "./text-letters.ts";
import { directionOf } from "./text-readable.ts";
import { balance, piecesOf, wrap } from "./text-wrap.ts";

/** Text as it stands in the picture. */
export interface Fitted {
	lines: string[];
	/** Pixels: of the letters, of a line, and of the widest line. */
	size: number;
	lineHeight: number;
	width: number;
	/** CSS. */
	font: string;
	direction: "ltr" | "rtl";
}

export interface Fit {
	weight: number;
	/** Pixels each line may take. */
	width: number;
	/** At most. */
	lines: number;
	/** Sizes in pixels: the largest at which the text fits is taken. */
	largest: number;
	least: number;
}

/** Some scripts reach higher and lower than Latin: vowel signs, stacked accents. */
const LINE_HEIGHT = 1.3;

/** Wraps `text` at the largest size at which it fits; at the least one what is left over becomes an ellipsis. */
export function fitText(studio: Studio, text: string, fit: Fit): Fitted {
	return studio.measure((to) => {
		const shown = studio.readable(text);
		const em = 100;
		to.font = studio.font(shown, em, fit.weight);
		const widthOf = (part: string) => to.measureText(part).width / em;
		const pieces = piecesOf(shown, fit.width / fit.least, widthOf);
		const widest = Math.max(0, ...pieces.map(({ width }) => width));
		const fitsAt = (size: number) => widest <= fit.width / size && wrap(pieces, fit.width / size).length <= fit.lines;
		let size = fit.largest;
		while (size > fit.least && !fitsAt(size)) size = Math.max(fit.least, size * 0.94);
		const room = fit.width / size;
		const lines = fitsAt(size) ? balance(pieces, room) : cut(wrap(pieces, room), { most: fit.lines, room, widthOf });
		return {
			lines,
			size,
			lineHeight: size * LINE_HEIGHT,
			width: Math.max(0, ...lines.map(widthOf)) * size,
			font: studio.font(shown, size, fit.weight),
			direction: directionOf(shown),
		};
	});
}

/** Draws the lines below each other, the first one's upper edge at `top`. `x` is where `align` says. */
export function drawLines(
	to: Drawing,
	{ lines, lineHeight, font, direction }: Fitted,
	{ x, top, align }: { x: number; top: number; align: "left" | "center" | "right" },
): void {
	to.font = font;
	to.direction = direction;
	to.textAlign = align;
	to.textBaseline = "alphabetic";
	for (const [index, line] of lines.entries()) to.fillText(line, x, top + (index + BASELINE) * lineHeight);
}

/** Draws one line, centred on `x`, in which every digit takes the same room: what is counted does not dance. */
export function drawDigits(to: Drawing, fitted: Fitted, { x, top }: { x: number; top: number }): void {
	to.font = fitted.font;
	const letters = Array.from(fitted.lines[0] ?? "", (text) => {
		const digit = /\d/.test(text);
		return { text, width: to.measureText(digit ? "0" : text).width };
	});
	let left = x - letters.reduce((sum, { width }) => sum + width, 0) / 2;
	for (const { text, width } of letters) {
		drawLines(to, { ...fitted, lines: [text] }, { x: left + width / 2, top, align: "center" });
		left += width;
	}
}

/** Of a line's height, down from its upper edge: capitals stand in the middle. */
const BASELINE = 0.5 + 0.727 / 2 / LINE_HEIGHT;

/** `room` in ems. */
function cut(
	lines: string[],
	{ most, room, widthOf }: { most: number; room: number; widthOf: (text: string) => number },
): string[] {
	const letters = lettersOf(lines.slice(most - 1).join(" "));
	const upTo = (count: number) => `${letters.slice(0, count).join("").trimEnd()}…`;
	let [fitting, tooMany] = [0, letters.length];
	while (tooMany - fitting > 1) {
		const middle = (fitting + tooMany) >> 1;
		if (widthOf(upTo(middle)) <= room) fitting = middle;
		else tooMany = middle;
	}
	return [...lines.slice(0, most - 1), upTo(fitting)];
}

import { programmeFormat } from "../programme-format.ts";
import type { Drawing, Studio } from "./drawing.ts";
import type { I420, Overlay } from "./i420.ts";

const INK = "#f4f6fa";
const ACCENT = "#5b8cff";
/** A person's circle: one of these by their name, dark enough for white letters (contrast above 4.5). */
const CIRCLES = ["#3557c7", "#7a3fb8", "#a83a68", "#9a4a1f", "#1f6f5c", "#2b6a94"];
const TITLE_LINES = 4;

/** The whole canvas while nobody is on air: the webinar's title. */
export function drawSlate(studio: Studio, title: string): I420 {
	const { width, height } = programmeFormat;
	return studio.image(width, height, (to) => {
		paintBackground(to, width, height);
		const { lines, size } = fitText(to, studio.family, title, {
			width: width - 240,
			lines: TITLE_LINES,
			largest: 72,
			least: 36,
		});
		const lineHeight = size * 1.22;
		const barGap = 44;
		const top = (height - lines.length * lineHeight - barGap) / 2;
		to.fillStyle = ACCENT;
		to.beginPath();
		to.roundRect(width / 2 - 36, top, 72, 6, 3);
		to.fill();
		to.fillStyle = INK;
		to.textAlign = "center";
		to.textBaseline = "middle";
		for (const [index, line] of lines.entries())
			to.fillText(line, width / 2, top + barGap + (index + 0.5) * lineHeight);
	});
}

/** A tile without video: the person's initials and name. */
export function drawPlaceholder(studio: Studio, name: string, width: number, height: number): I420 {
	return studio.image(width, height, (to) => {
		paintBackground(to, width, height);
		const radius = height * 0.19;
		const middle = height * 0.44;
		to.fillStyle = CIRCLES[hueOf(name) % CIRCLES.length] ?? ACCENT;
		to.beginPath();
		to.arc(width / 2, middle, radius, 0, Math.PI * 2);
		to.fill();
		to.fillStyle = INK;
		to.textAlign = "center";
		to.textBaseline = "middle";
		to.font = `600 ${Math.round(radius * 0.8)}px ${studio.family}`;
		to.fillText(initialsOf(name), width / 2, middle + radius * 0.03);
		const largest = Math.max(18, Math.round(height * 0.065));
		const { lines, size } = fitText(to, studio.family, name, { width: width * 0.84, lines: 1, largest, least: 14 });
		to.font = `500 ${size}px ${studio.family}`;
		to.fillText(lines[0] ?? "", width / 2, middle + radius + height * 0.11);
	});
}

/** The name in the corner of a tile with video. */
export function drawLabel(studio: Studio, name: string, tileWidth: number): Overlay {
	const size = tileWidth > 900 ? 26 : 20;
	const padding = Math.round(size * 0.6);
	const font = `500 ${size}px ${studio.family}`;
	let text = name;
	let width = 2;
	// Measured on a canvas of its own: an overlay has the size of its text.
	studio.overlay(2, 2, (to) => {
		const fitted = fitText(to, studio.family, name, { width: tileWidth * 0.6, lines: 1, largest: size, least: size });
		text = fitted.lines[0] ?? "";
		to.font = font;
		width = Math.ceil((to.measureText(text).width + padding * 2) / 2) * 2;
	});
	const height = Math.ceil((size * 1.8) / 2) * 2;
	return studio.overlay(width, height, (to) => {
		to.fillStyle = "rgba(10, 12, 18, 0.72)";
		to.beginPath();
		to.roundRect(0, 0, width, height, 8);
		to.fill();
		to.fillStyle = INK;
		to.font = font;
		to.textBaseline = "middle";
		to.fillText(text, padding, height / 2 + 1);
	});
}

function paintBackground(to: Drawing, width: number, height: number): void {
	const gradient = to.createLinearGradient(0, 0, 0, height);
	gradient.addColorStop(0, "#1b2130");
	gradient.addColorStop(1, "#11151f");
	to.fillStyle = gradient;
	to.fillRect(0, 0, width, height);
}

/**
 * Wraps `text` at the largest size at which it fits into `lines`; at the least size what is left over becomes an ellipsis.
 * Leaves the font set.
 */
function fitText(
	to: Drawing,
	family: string,
	text: string,
	{ width, lines: most, largest, least }: { width: number; lines: number; largest: number; least: number },
): { lines: string[]; size: number } {
	for (let size = largest; ; size -= 4) {
		const chosen = Math.max(size, least);
		to.font = `600 ${chosen}px ${family}`;
		const lines = wrap(to, text, width);
		if (lines.length <= most) return { lines: balance(to, text, width, lines), size: chosen };
		if (chosen === least) {
			const kept = lines.slice(0, most);
			let last = Array.from(kept.at(-1) ?? "");
			while (last.length > 0 && to.measureText(`${last.join("")}…`).width > width) last = last.slice(0, -1);
			kept[most - 1] = `${last.join("").trimEnd()}…`;
			return { lines: kept, size: chosen };
		}
	}
}

/** Lines of like length: as narrow as the same number of them allows. */
function balance(to: Drawing, text: string, width: number, lines: string[]): string[] {
	let balanced = lines;
	for (let narrower = width * 0.95; narrower > width / 2; narrower -= width * 0.05) {
		const tried = wrap(to, text, narrower);
		if (tried.length > lines.length) break;
		balanced = tried;
	}
	return balanced;
}

/** At spaces; a word longer than a line is cut. */
function wrap(to: Drawing, text: string, width: number): string[] {
	const lines: string[] = [];
	let line = "";
	for (const word of text.split(/\s+/).filter(Boolean)) {
		const joined = line ? `${line} ${word}` : word;
		if (to.measureText(joined).width <= width) {
			line = joined;
			continue;
		}
		if (line) lines.push(line);
		line = "";
		for (const letter of word) {
			if (line && to.measureText(line + letter).width > width) {
				lines.push(line);
				line = "";
			}
			line += letter;
		}
	}
	if (line) lines.push(line);
	return lines;
}

function initialsOf(name: string): string {
	const words = name.split(/\s+/).filter(Boolean);
	const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
	return chosen
		.map((word) => firstLetter(word ?? ""))
		.join("")
		.toLocaleUpperCase();
}

function firstLetter(word: string): string {
	for (const { segment } of new Intl.Segmenter().segment(word)) return segment;
	return "";
}

function hueOf(name: string): number {
	let sum = 0;
	for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
	return sum;
}

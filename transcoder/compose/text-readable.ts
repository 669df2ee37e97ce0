import type { Fonts } from "./fonts.ts";
import { lettersOf } from "./text-letters.ts";

/** More is not read from a picture. */
const MOST_LETTERS = 240;
/** UTF-16 units of one letter; the longest there are, a family of four in their skin tones and a region's flag, have less. */
const MOST_PARTS = 20;
/** Of a letter no language has: accents without end would run out of its line. */
const MOST_ACCENTS = 2;

/**
 * `text` as one line of what can be drawn: without control characters, without those that turn the direction (each text stands
 * for itself), and without letters of which no font is there. Fancy letters of mathematics become the plain ones.
 */
export function readable(text: string, fonts: Fonts): string {
	const plain = text
		.slice(0, MOST_LETTERS * MOST_PARTS)
		.toWellFormed()
		.normalize("NFC")
		.replace(/[\p{Zs}\p{Zl}\p{Zp}\t\n\r\v\f]+/gu, " ")
		.replace(/[\p{Cc}\p{Cn}\p{Co}\p{Bidi_Control}\ufffd]/gu, "")
		.trim();
	return lettersOf(plain)
		.slice(0, MOST_LETTERS)
		.map((letter) => drawable(letter, fonts))
		.join("")
		.replace(/ {2,}/g, " ")
		.trim();
}

function drawable(letter: string, fonts: Fonts): string {
	if (letter.length <= MOST_PARTS && fonts.has(letter)) return letter;
	const compatible = letter.normalize("NFKC");
	if (compatible.length <= MOST_PARTS && fonts.has(compatible)) return compatible;
	const parts = Array.from(letter).filter((part) => fonts.has(part));
	return parts.slice(0, MOST_ACCENTS + 1).join("");
}

/** By its first letter that has a direction. */
export function directionOf(text: string): "ltr" | "rtl" {
	const strong = /\p{L}/u.exec(text)?.[0] ?? "";
	return /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(strong)
		? "rtl"
		: "ltr";
}

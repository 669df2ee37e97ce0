import { lettersOf } from "./text-letters.ts";

/** What stands on one line as a whole. */
export interface Piece {
	text: string;
	/** In ems: times a font's size it is pixels. */
	width: number;
	/** Before it, unless it begins a line; in ems. */
	space: number;
}

const words = new Intl.Segmenter(undefined, { granularity: "word" });
/** Written without spaces between words. */
const UNSPACED =
	/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Parts of `text` between which a line may end, none wider than `most` ems unless it is one letter. `measure` gives ems. */
export function piecesOf(text: string, most: number, measure: (text: string) => number): Piece[] {
	const space = measure(" ");
	return text.split(" ").flatMap((word) => {
		const parts = UNSPACED.test(word) ? wordsWithin(word) : [word];
		return parts
			.map((part) => ({ text: part, width: measure(part) }))
			.flatMap((part) =>
				part.width <= most ? [part] : lettersOf(part.text).map((letter) => ({ text: letter, width: measure(letter) })),
			)
			.map((part, index) => ({ ...part, space: index === 0 ? space : 0 }));
	});
}

/** Punctuation stays with the word before it. */
function wordsWithin(text: string): string[] {
	const parts: string[] = [];
	for (const { segment, isWordLike } of words.segment(text)) {
		const opening = /^\p{Ps}|^\p{Pi}/u.test(segment);
		const afterOpening = /[\p{Ps}\p{Pi}]$/u.test(parts.at(-1) ?? "");
		if (parts.length > 0 && (afterOpening || !(isWordLike || opening))) parts.push(`${parts.pop()}${segment}`);
		else parts.push(segment);
	}
	return parts;
}

/** Lines of at most `width` ems, as few as there can be. */
export function wrap(pieces: readonly Piece[], width: number): string[] {
	const lines: string[] = [];
	let line = "";
	let used = 0;
	for (const { text, width: own, space } of pieces) {
		if (line && used + space + own > width) {
			lines.push(line);
			line = "";
			used = 0;
		}
		used += (line ? space : 0) + own;
		line += `${line && space > 0 ? " " : ""}${text}`;
	}
	return line ? [...lines, line] : lines;
}

/** The same number of lines, of like length: as narrow as they can be. */
export function balance(pieces: readonly Piece[], width: number): string[] {
	let lines = wrap(pieces, width);
	if (lines.length < 2) return lines;
	const widest = Math.max(...pieces.map((piece) => piece.width));
	for (let narrower = width * 0.96; narrower >= Math.max(widest, width * 0.4); narrower -= width * 0.04) {
		const tried = wrap(pieces, narrower);
		if (tried.length > lines.length) break;
		lines = tried;
	}
	return lines;
}

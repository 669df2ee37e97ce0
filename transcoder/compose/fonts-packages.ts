import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { codePointsOf } from "./fonts-cmap.ts";

/** One file of a font: the package splits a font by what pages need together. */
export interface FontFile {
	/** Under which it is registered: one for each file, because a family takes one file for a weight. */
	family: string;
	path: string;
	has(codePoint: number): boolean;
}

/** A font as its npm package has it. Its list of code points is read when first asked. */
export class FontPackage {
	readonly #folder: string;
	readonly #name: string;
	readonly #subsets: RegExp;
	readonly #ending: string;
	#files: FontFile[] | undefined;

	/** `subsets`: those to take; others belong to scripts that another font is better at. */
	constructor(
		folder: string,
		{ subsets = /./, ending = "wght-normal.woff2" }: { subsets?: RegExp; ending?: string } = {},
	) {
		this.#folder = folder;
		this.#name = folder.replace(/^.*\//, "");
		this.#subsets = subsets;
		this.#ending = ending;
	}

	/** The file that has all of those. */
	fileOf(codePoints: readonly number[]): FontFile | undefined {
		this.#files ??= this.#read();
		return this.#files.find((one) => codePoints.every((codePoint) => one.has(codePoint)));
	}

	owns(file: FontFile): boolean {
		return this.#files?.includes(file) ?? false;
	}

	#read(): FontFile[] {
		const list = readFileSync(pathOf(`${this.#folder}/unicode.json`), "utf8");
		const subsets = Object.entries(JSON.parse(list) as Record<string, string>);
		return subsets.flatMap(([label, ranges]) => {
			const subset = label.replace(/^\[(.*)\]$/, "$1");
			if (!this.#subsets.test(subset)) return [];
			const path = pathOf(`${this.#folder}/files/${this.#name}-${subset}-${this.#ending}`);
			return { family: `${this.#name} ${subset}`, path, has: coverage(ranges, path) };
		});
	}
}

const pathOf = (specifier: string): string => fileURLToPath(import.meta.resolve(specifier));

/** What a CSS unicode-range ("U+0-ff,U+131") promises, and the file holds. It is looked into when first promised. */
function coverage(ranges: string, path: string): (codePoint: number) => boolean {
	const bounds = ranges.split(",").map((range) => {
		const [first = "", last = first] = range.trim().slice(2).split("-");
		return [Number.parseInt(first, 16), Number.parseInt(last, 16)] as const;
	});
	let held: Set<number> | undefined;
	return (codePoint) => {
		if (!bounds.some(([first, last]) => codePoint >= first && codePoint <= last)) return false;
		held ??= codePointsOf(readFileSync(path));
		return held.has(codePoint);
	};
}

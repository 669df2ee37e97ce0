import { unpackEmojiFont } from "./fonts-emoji.ts";
import { type FontFile, FontPackage } from "./fonts-packages.ts";
import { GlobalFonts } from "./text-canvas.ts";
import { lettersOf } from "./text-letters.ts";

const SCRIPTS = [
	"arabic",
	"hebrew",
	"devanagari",
	"thai",
	"bengali",
	"tamil",
	"telugu",
	"gujarati",
	"gurmukhi",
	"kannada",
	"malayalam",
	"sinhala",
	"khmer",
	"lao",
	"myanmar",
	"ethiopic",
	"georgian",
	"armenian",
];

/** The bundled fonts. A file is opened when a text first needs it: who writes in Latin pays for nothing else. */
export class Fonts {
	readonly #inter = new FontPackage("@fontsource-variable/inter");
	readonly #scripts = SCRIPTS.map(
		(script) => new FontPackage(`@fontsource-variable/noto-sans-${script}`, { subsets: new RegExp(`^${script}$`) }),
	);
	readonly #simplified = eastAsian("sc");
	readonly #traditional = eastAsian("tc");
	readonly #japanese = eastAsian("jp");
	readonly #korean = eastAsian("kr");
	readonly #emoji = new FontPackage("@fontsource/noto-color-emoji", { ending: "400-normal.woff" });
	readonly #opened = new Set<string>();

	/** Whether a letter (of `lettersOf`) can be drawn. */
	has(letter: string): boolean {
		return this.#filesOf(letter, this.#orderFor(letter)) !== undefined;
	}

	/** A CSS font family list with every letter of `text` that can be drawn. */
	familiesOf(text: string): string {
		// Latin comes first, for spaces, digits and the ellipsis. Emoji fonts stand last, since they have digits too.
		const files = new Set<FontFile>();
		for (const file of this.#filesOf(" ", [this.#inter]) ?? []) files.add(file);
		const emoji = new Set<FontFile>();
		const order = this.#orderFor(text);
		for (const letter of new Set(lettersOf(text))) {
			for (const file of this.#filesOf(letter, order) ?? []) (this.#emoji.owns(file) ? emoji : files).add(file);
		}
		return [...files, ...emoji].map((file) => this.#open(file)).join(", ");
	}

	/** Of a letter: the file that has it, or one for each of its parts. */
	#filesOf(letter: string, order: readonly FontPackage[]): FontFile[] | undefined {
		const parts = Array.from(letter)
			.filter((part) => !/[\ufe00-\ufe0f]/.test(part))
			.map(codePointOf);
		if (/\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u.test(letter)) {
			const file = this.#emoji.fileOf(parts);
			if (file) return [file];
		}
		const drawn = Array.from(letter)
			.filter((part) => !/\p{Default_Ignorable_Code_Point}/u.test(part))
			.map(codePointOf);
		const packages = [...order, this.#emoji];
		const whole = fileOfFirst(packages, drawn);
		if (whole) return [whole];
		const each = drawn.map((part) => fileOfFirst(packages, [part]));
		return each.every((file) => file !== undefined) ? each : undefined;
	}

	/** What the letters around them say of the language that Han characters stand for: their shapes differ. */
	#orderFor(text: string): FontPackage[] {
		const han = (text.match(/\p{Script=Han}/gu) ?? []).map(codePointOf);
		const [simplified, traditional, japanese, korean] = [
			this.#simplified,
			this.#traditional,
			this.#japanese,
			this.#korean,
		];
		let regions = [simplified, traditional, japanese, korean];
		if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)) regions = [japanese, simplified, traditional, korean];
		else if (/\p{Script=Hangul}/u.test(text)) regions = [korean, traditional, simplified, japanese];
		const whole = han.length > 0 && regions.find((one) => han.every((part) => one.fileOf([part])));
		return [this.#inter, ...this.#scripts, ...(whole ? [whole] : []), ...regions];
	}

	#open({ family, path }: FontFile): string {
		if (!this.#opened.has(family)) {
			this.#opened.add(family);
			if (path.endsWith(".woff")) GlobalFonts.register(unpackEmojiFont(path), family);
			else GlobalFonts.registerFromPath(path, family);
		}
		return `"${family}"`;
	}
}

/** Its files are numbered; others, by script, are for letters that another font is better at. */
const eastAsian = (region: string): FontPackage =>
	new FontPackage(`@fontsource-variable/noto-sans-${region}`, { subsets: /^\d+$/ });

const codePointOf = (letter: string): number => letter.codePointAt(0) ?? 0;

function fileOfFirst(packages: readonly FontPackage[], codePoints: readonly number[]): FontFile | undefined {
	for (const one of packages) {
		const file = one.fileOf(codePoints);
		if (file) return file;
	}
	return undefined;
}

import { describe, expect, it } from "vitest";
import { Studio } from "./drawing.ts";
import { Fonts } from "./fonts.ts";
import { createCanvas } from "./text-canvas.ts";
import { lettersOf } from "./text-letters.ts";

const fonts = new Fonts();
const studio = new Studio();

/** A name in each script. */
const NAMES = [
	["Latin", "Łukasz Şimşek-Ångström"],
	["Vietnamese", "Nguyễn Thị Ánh Nguyệt"],
	["Cyrillic", "Юрій Ґалаґан Ўладзіслаў"],
	["Greek", "Ελένη Παπαδοπούλου"],
	["Chinese, simplified", "李小龙 刘德华"],
	["Chinese, traditional", "陳怡君 劉德華"],
	["Japanese", "山田花子 ヤマダ はなこ"],
	["Korean", "김민준 이서연"],
	["Arabic", "محمد بن سلمان"],
	["Persian", "پژمان گلچین"],
	["Hebrew", "דוד בן גוריון"],
	["Devanagari", "आदित्य शर्मा"],
	["Bengali", "শ্রীমতী ব্যানার্জী"],
	["Tamil", "அருண் குமார்"],
	["Telugu", "తెలుగు రావు"],
	["Gujarati", "ગુજરાતી પટેલ"],
	["Gurmukhi", "ਪੰਜਾਬੀ ਸਿੰਘ"],
	["Kannada", "ಕೃಷ್ಣ ಕುಮಾರ್"],
	["Malayalam", "മലയാളം നായർ"],
	["Sinhala", "ශ්‍රී පෙරේරා"],
	["Thai", "สมชาย ใจดี"],
	["Lao", "ສົມຊາຍ ແກ້ວ"],
	["Khmer", "សុខា ចាន់"],
	["Burmese", "သန်းရွှေ"],
	["Ethiopic", "አበበ ቢቂላ"],
	["Georgian", "გიორგი მაისურაძე"],
	["Armenian", "Հայկ Պետրոսյան"],
	["emoji", "😀🚀❤️👩🏽‍🚀👨‍👩‍👧‍👦🇩🇪🏳️‍🌈"],
] as const;

describe.each(NAMES)("%s", (_, name) => {
	it("has a glyph for every letter", () => {
		expect(studio.readable(name)).toBe(name);
		const drawn = new Map<string, string>();
		for (const letter of new Set(lettersOf(name.replaceAll(" ", "")))) {
			const font = studio.font(letter, 40, 500);
			const bytes = inked(letter, font);
			// No font has the last one: it is drawn as that font's box.
			expect(bytes, letter).not.toBe(inked("\u{10ffff}", font));
			expect(/[^\0]/.test(bytes), letter).toBe(true);
			drawn.set(bytes, letter);
		}
		// Letters look different; were they boxes, they would be alike.
		expect(drawn.size).toBe(new Set(lettersOf(name.replaceAll(" ", ""))).size);
	});
});

it.each([0x526, 0x897, 0xc5c, 0x1c80, 0x2de0, 0x38ec, 0x5d0a, 0x6074, 0x916b, 0x9bee, 0xf919, 0xa643])(
	"does not take %i from a file that only promises it",
	(codePoint) => {
		const letter = String.fromCodePoint(codePoint);
		if (!fonts.has(letter)) return expect(studio.readable(letter)).toBe("");
		const font = studio.font(letter, 40, 500);
		expect(inked(letter, font)).not.toBe(inked("\u{10ffff}", font));
	},
);

describe("shaping", () => {
	it("joins Arabic letters", () => {
		expect(widthOf("سلمان")).toBeLessThan([..."سلمان"].reduce((sum, letter) => sum + widthOf(letter), 0) * 0.85);
		expect(widthOf("سلمان")).toBeLessThan(widthOf([..."سلمان"].join("\u200c")) * 0.85);
	});

	it("sets Arabic from right to left", () => {
		// The first letter, tall and slender, stands at the right end.
		const [left, right] = inkOfHalves("اـــــ");
		expect(right).toBeGreaterThan(left * 1.2);
	});

	it("forms Devanagari conjuncts and moves vowel signs", () => {
		expect(widthOf("क्षि")).toBeLessThan(widthOf("क") + widthOf("ष") + widthOf("ि"));
		expect(inked("कि", studio.font("कि", 40, 500))).not.toBe(inked("िक", studio.font("िक", 40, 500)));
	});

	it("sets Thai marks above their letter", () => {
		expect(widthOf("กำ้")).toBeLessThanOrEqual(widthOf("กำ") + 0.01);
		expect(widthOf("ดี")).toBeCloseTo(widthOf("ด"), 1);
	});

	it.each(["👨‍👩‍👧‍👦", "👩🏽‍🚀", "🏳️‍🌈", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇩🇪", "1️⃣", "👩‍❤️‍💋‍👨"])("draws %s as one picture", (emoji) => {
		expect(widthOf(emoji)).toBeCloseTo(widthOf("😀"), 0);
	});

	it.each(["😀", "❤️", "🇩🇪", "👩🏽‍🚀", "🏳️‍🌈"])("draws %s in colour", (emoji) => {
		let coloured = 0;
		const { data } = drawing(emoji, studio.font(emoji, 40, 500)).getImageData(0, 0, 400, 80);
		for (let at = 0; at < data.length; at += 4) {
			const [red = 0, green = 0, blue = 0] = data.subarray(at, at + 3);
			if (Math.max(red, green, blue) - Math.min(red, green, blue) > 60) coloured++;
		}
		expect(coloured).toBeGreaterThan(200);
	});

	it("takes spaces between emoji from the text's font", () => {
		expect(widthOf("😀 😀") - 2 * widthOf("😀")).toBeLessThan(15);
	});
});

describe("choice of files", () => {
	it("opens one for Latin, whatever the name", () => {
		expect(fonts.familiesOf("Ada Lovelace, Ph.D. – 12 Ångström…")).toBe('"inter latin"');
	});

	it("draws Han characters as the letters around them do", () => {
		expect(fonts.familiesOf("直")).toContain("noto-sans-sc");
		expect(fonts.familiesOf("直 こ")).not.toContain("noto-sans-sc");
		expect(fonts.familiesOf("直 이")).not.toContain("noto-sans-sc");
	});

	it("keeps emoji fonts behind, that digits stay text", () => {
		const families = fonts.familiesOf("1️⃣ 12 😀").split(", ");
		expect(families[0]).toBe('"inter latin"');
		expect(families.findIndex((one) => one.includes("emoji"))).toBe(1);
	});
});

function drawing(text: string, font: string) {
	const context = createCanvas(400, 80).getContext("2d");
	context.textRendering = "optimizeLegibility";
	context.font = font;
	context.fillText(text, 20, 55);
	return context;
}

const inked = (text: string, font: string) => drawing(text, font).canvas.data().toString("latin1");

function widthOf(text: string): number {
	return studio.measure((to) => {
		to.font = studio.font(text, 40, 500);
		return to.measureText(text).width;
	});
}

/** Height of the ink, summed over the columns of the left and of the right half. */
function inkOfHalves(text: string): [number, number] {
	const width = Math.round(widthOf(text));
	const { data } = drawing(text, studio.font(text, 40, 500)).getImageData(20, 0, width, 80);
	const halves: [number, number] = [0, 0];
	for (let at = 0; at < width * 80; at++) {
		if ((data[at * 4 + 3] ?? 0) > 128) halves[at % width < width / 2 ? 0 : 1]++;
	}
	return halves;
}

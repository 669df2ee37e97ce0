import { describe, expect, it } from "vitest";
import { plainBrand } from "../../core/protocol/brand.ts";
import { plainBackground } from "./brand-images.ts";
import { Studio } from "./drawing.ts";
import { createI420, fillRect, type I420 } from "./i420.ts";
import { countdown, drawSlate, slateSecondsLeft } from "./slate-card.ts";

const studio = new Studio();
const full = { width: 1920, height: 1080 };
const soon = { kind: "starting-soon", startsAt: null } as const;

describe("countdown", () => {
	it.each([
		[0, "00:00"],
		[65, "01:05"],
		[3599, "59:59"],
		[3600, "1:00:00"],
		[90_061, "25:01:01"],
	])("shows %i seconds as %s", (seconds, shown) => expect(countdown(seconds)).toBe(shown));

	it("counts whole seconds to the start, and none after it or on other slates", () => {
		const slate = { kind: "starting-soon", startsAt: 10_000 } as const;
		expect(slateSecondsLeft(slate, 0)).toBe(10);
		expect(slateSecondsLeft(slate, 9001)).toBe(1);
		expect(slateSecondsLeft(slate, 10_000)).toBeUndefined();
		expect(slateSecondsLeft(soon, 0)).toBeUndefined();
		expect(slateSecondsLeft({ kind: "back-in-a-moment", startsAt: 10_000 }, 0)).toBeUndefined();
	});
});

describe("slate", () => {
	const slateOf = (
		parts: { title?: string; secondsLeft?: number; kind?: "thank-you" | "back-in-a-moment" },
		brand = plainBrand,
	) =>
		drawSlate(
			studio,
			{
				title: parts.title ?? "Analytical Engines",
				slate: { kind: parts.kind ?? "starting-soon", startsAt: null },
				secondsLeft: parts.secondsLeft,
			},
			plainBackground(studio, brand, full),
			brand,
		);

	it("says what is going on", () => {
		const slates = [
			slateOf({}),
			slateOf({ kind: "thank-you" }),
			slateOf({ kind: "back-in-a-moment" }),
			slateOf({ secondsLeft: 5 }),
		];
		for (const [index, one] of slates.entries())
			for (const other of slates.slice(index + 1)) expect(one.bytes).not.toEqual(other.bytes);
	});

	it("changes nothing but its last digit from one second to the next", () => {
		const changed = changesOf(slateOf({ secondsLeft: 65 }), slateOf({ secondsLeft: 61 }));
		expect(changed.width).toBeGreaterThan(10);
		expect(changed.width).toBeLessThan(60);
		expect(changed.left).toBeGreaterThan(960);
		expect(changed.height).toBeLessThan(80);
	});

	it.each(["x".repeat(500), "word ".repeat(100), "山".repeat(200), "", "مؤتمر المحركات التحليلية ".repeat(10)])(
		"keeps any title within the middle: %#",
		(title) => {
			const ink = changesOf(plainBackground(studio, plainBrand, full), slateOf({ title, secondsLeft: 5000 }));
			expect(ink.left).toBeGreaterThan(200);
			expect(ink.left + ink.width).toBeLessThan(1720);
			expect(ink.top).toBeGreaterThan(150);
			expect(ink.top + ink.height).toBeLessThan(930);
		},
	);

	it.each(["#0b0e15", "#ffffff", "#7f8c8d", "#ffd500", "#c0392b", "#777777"])("is readable on %s", (background) => {
		const image = slateOf({}, { ...plainBrand, background, accent: background });
		const ground = image.planes[0][0] ?? 0;
		const light = (value: number) => Math.max(0, (value - 16) / 219) ** 2.2 + 0.05;
		const furthest = Math.max(...[...new Set(image.planes[0])].map((value) => ratio(light(value), light(ground))));
		expect(furthest).toBeGreaterThan(4);
	});

	it("lays its texts on a scrim over an image, and leaves the rest of it", () => {
		const background = createI420(1920, 1080);
		fillRect(background, { x: 0, y: 0, width: 1920, height: 1080 }, [235, 128, 128]);
		const image = drawSlate(studio, { title: "Analytical Engines", slate: soon, secondsLeft: 5 }, background, {
			...plainBrand,
			backgroundImage: "any",
		});
		expect(image.planes[0][0]).toBe(235);
		expect(background.planes[0].every((value) => value === 235)).toBe(true);
		const box = changesOf(background, image);
		const scrim = image.planes[0][(box.top + 20) * 1920 + 960] ?? 255;
		expect(scrim).toBeLessThan(90);
	});
});

const ratio = (one: number, other: number) => Math.max(one, other) / Math.min(one, other);

/** Where luma differs. */
function changesOf(one: I420, other: I420) {
	let [left, right, top, bottom] = [one.width, 0, one.height, 0];
	for (let at = 0; at < one.planes[0].length; at++) {
		if (one.planes[0][at] === other.planes[0][at]) continue;
		const [x, y] = [at % one.width, Math.floor(at / one.width)];
		left = Math.min(left, x);
		right = Math.max(right, x + 1);
		top = Math.min(top, y);
		bottom = Math.max(bottom, y + 1);
	}
	return { left, top, width: right - left, height: bottom - top };
}

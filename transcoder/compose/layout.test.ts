import { describe, expect, it } from "vitest";
import {
	type Layout,
	type LayoutKind,
	layoutKindSchema,
	type ScenePerson,
	tileKey,
} from "../../core/protocol/scene.ts";
import { layOut } from "./layout.ts";
import type { Rect } from "./placement.ts";

/** Each letter is somebody's camera, each S and a digit a screen. */
function peopleOf(names: string): ScenePerson[] {
	return (names.match(/S\d|[a-z]/g) ?? []).map((name) => ({
		personId: name,
		source: name.startsWith("S") ? "screen" : "camera",
		name,
		title: "",
		video: true,
	}));
}

const keyOf = (name: string) => tileKey({ personId: name, source: name.startsWith("S") ? "screen" : "camera" });
const nameOf = (key: string) => key.split(" ")[0];

function sceneOf(kind: LayoutKind, names: string, pinned?: string) {
	const pin: Layout["pinned"] = pinned
		? { personId: pinned, source: pinned.startsWith("S") ? "screen" : "camera" }
		: null;
	return { people: peopleOf(names), layout: { kind, pinned: pin } };
}

const lines = ({ x, y, width, height }: Rect) => `${x} ${y} ${width} ${height}`;

const tilesAt = (xs: number[], ys: number[], size: string) => ys.flatMap((y) => xs.map((x) => `${x} ${y} ${size}`));

describe.each<{ width: number; height: number; radius: number; golden: [LayoutKind, string, string[]][] }>([
	{
		width: 1920,
		height: 1080,
		radius: 18,
		golden: [
			["grid", "a", ["0 0 1920 1080"]],
			["grid", "ab", ["24 280 924 518", "972 280 924 518"]],
			["grid", "abc", ["52 24 896 504", "972 24 896 504", "512 552 896 504"]],
			["grid", "abcd", ["52 24 896 504", "972 24 896 504", "52 552 896 504", "972 552 896 504"]],
			["grid", "abcde", [24, 656, 1288].map((x) => `${x} 186 608 342`).concat("340 552 608 342", "972 552 608 342")],
			["grid", "abcdefghi", tilesAt([62, 668, 1274], [24, 376, 728], "582 328")],
			["grid", "abcdefghijklmnop", tilesAt([72, 522, 972, 1422], [24, 288, 552, 816], "426 240")],
			["speaker", "ab", ["24 24 1518 1032", "1566 402 330 274"]],
			["speaker", "abcd", ["24 24 1518 1032", ...tilesAt([1566], [104, 402, 700], "330 274")]],
			["speaker", "abcdefg", ["24 24 1518 1032", ...tilesAt([1566], [26, 236, 446, 656, 866], "330 186")]],
			["screen-and-speakers", "S1a", ["24 24 1422 1032", "1470 362 426 354"]],
			["screen-and-speakers", "S1abc", ["24 24 1422 1032", ...tilesAt([1470], [24, 376, 728], "426 328")]],
			["screen-and-speakers", "S1abcdef", ["24 24 1422 1032", ...tilesAt([1470], [24, 288, 552, 816], "426 240")]],
			["picture-in-picture", "S1ab", ["0 0 1920 1080", "1446 792 426 240"]],
			["side-by-side", "S1ab", ["24 194 924 692", "972 194 924 692"]],
			["solo", "S1ab", ["0 0 1920 1080"]],
		],
	},
	{
		width: 1280,
		height: 720,
		radius: 12,
		golden: [
			["grid", "a", ["0 0 1280 720"]],
			["grid", "ab", ["16 186 616 346", "648 186 616 346"]],
			["grid", "abc", ["36 16 596 336", "648 16 596 336", "342 368 596 336"]],
			["grid", "abcd", ["36 16 596 336", "648 16 596 336", "36 368 596 336", "648 368 596 336"]],
			["grid", "abcde", [18, 438, 858].map((x) => `${x} 124 404 228`).concat("228 368 404 228", "648 368 404 228")],
			["grid", "abcdefghi", tilesAt([42, 446, 850], [16, 250, 484], "388 218")],
			["grid", "abcdefghijklmnop", tilesAt([48, 348, 648, 948], [16, 192, 368, 544], "284 160")],
			["speaker", "ab", ["16 16 1012 688", "1044 268 220 182"]],
			["speaker", "abcd", ["16 16 1012 688", ...tilesAt([1044], [70, 268, 466], "220 182")]],
			["speaker", "abcdefg", ["16 16 1012 688", ...tilesAt([1044], [18, 158, 298, 438, 578], "220 124")]],
			["screen-and-speakers", "S1a", ["16 16 948 688", "980 242 284 236"]],
			["screen-and-speakers", "S1abc", ["16 16 948 688", ...tilesAt([980], [16, 250, 484], "284 218")]],
			["screen-and-speakers", "S1abcdef", ["16 16 948 688", ...tilesAt([980], [16, 192, 368, 544], "284 160")]],
			["picture-in-picture", "S1ab", ["0 0 1280 720", "964 528 284 160"]],
			["side-by-side", "S1ab", ["16 128 616 462", "648 128 616 462"]],
			["solo", "S1ab", ["0 0 1280 720"]],
		],
	},
])("on $width x $height", ({ golden, radius, ...canvas }) => {
	it.each(golden)("%s of %s", (kind, names, rects) => {
		const placements = layOut(sceneOf(kind, names), undefined, canvas);
		expect(placements.map(({ rect }) => lines(rect))).toEqual(rects);
		const corners = placements.map((placement) => placement.radius);
		expect(corners).toEqual(rects.map((rect) => (rect.startsWith("0 0 ") ? 0 : radius)));
	});
});

describe.each([
	[1920, 1080],
	[1280, 720],
	[854, 480],
	[640, 360],
	[426, 240],
])("on %i x %i, whoever is there", (width, height) => {
	const casts = ["", "a", "ab", "S1", "S1a", "S1S2", "S1S2abc", "abcdefghijklmnopqrstuvwxyz", "S1abcdefghijklmnopqrst"];
	it.each(layoutKindSchema.options.flatMap((kind) => casts.map((names) => [kind, names] as const)))(
		"%s of '%s' is even, on the canvas and without overlap",
		(kind, names) => {
			const placements = layOut(sceneOf(kind, names), "t camera", { width, height });
			expect(placements.length > 0).toBe(names !== "");
			expect(new Set(placements.map(({ key }) => key)).size).toBe(placements.length);
			for (const [index, { rect }] of placements.entries()) {
				for (const value of Object.values(rect)) expect(value % 2).toBe(0);
				expect(Math.min(rect.x, rect.y)).toBeGreaterThanOrEqual(0);
				expect(rect.width > 0 && rect.height > 0).toBe(true);
				expect(rect.x + rect.width <= width && rect.y + rect.height <= height).toBe(true);
				if (kind === "picture-in-picture") continue;
				for (const { rect: other } of placements.slice(index + 1)) expect(overlap(rect, other)).toBe(false);
			}
		},
	);
});

function overlap(a: Rect, b: Rect): boolean {
	return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

describe("who is seen", () => {
	const canvas = { width: 1280, height: 720 };
	function seen(kind: LayoutKind, names: string, { pinned, speaker }: { pinned?: string; speaker?: string } = {}) {
		const placements = layOut(sceneOf(kind, names, pinned), speaker && keyOf(speaker), canvas);
		return placements.map(({ key }) => nameOf(key)).join("");
	}

	it.each<[LayoutKind, string, { pinned?: string; speaker?: string }, string]>([
		["grid", "S1abc", { speaker: "c" }, "S1abc"],
		["grid", "abcdefghijklmnopqrs", { speaker: "b" }, "abcdefghijklmnop"],
		["grid", "abcdefghijklmnopqrs", { speaker: "s" }, "abcdefghijklmnos"],
		["grid", "abcdefghijklmnopqrs", { speaker: "s", pinned: "q" }, "abcdefghijklmnsq"],
		["speaker", "abc", {}, "abc"],
		["speaker", "abc", { speaker: "b" }, "bac"],
		["speaker", "abc", { speaker: "gone" }, "abc"],
		["speaker", "abc", { speaker: "b", pinned: "c" }, "cab"],
		["speaker", "abc", { speaker: "b", pinned: "gone" }, "bac"],
		["speaker", "S1abc", { speaker: "b" }, "bacS1"],
		["speaker", "S1ab", { pinned: "S1" }, "S1ab"],
		["speaker", "abcdefgh", { speaker: "h", pinned: "b" }, "bacdeh"],
		["speaker", "S1S2", {}, "S1S2"],
		["screen-and-speakers", "S1ab", { speaker: "b" }, "S1ab"],
		["screen-and-speakers", "S1S2ab", {}, "S1abS2"],
		["screen-and-speakers", "S1S2ab", { pinned: "S2" }, "S2abS1"],
		["screen-and-speakers", "S1abcdefg", { speaker: "g" }, "S1abcg"],
		["screen-and-speakers", "S1abcdefg", { speaker: "g", pinned: "f" }, "S1abgf"],
		["screen-and-speakers", "abc", { speaker: "b" }, "bac"],
		["picture-in-picture", "S1ab", {}, "S1a"],
		["picture-in-picture", "S1ab", { speaker: "b" }, "S1b"],
		["picture-in-picture", "S1abc", { speaker: "b", pinned: "c" }, "S1c"],
		["picture-in-picture", "S1S2", {}, "S1S2"],
		["picture-in-picture", "ab", { speaker: "b" }, "ba"],
		["side-by-side", "abc", { speaker: "a" }, "ab"],
		["side-by-side", "abc", { speaker: "c" }, "ac"],
		["side-by-side", "abc", { speaker: "c", pinned: "b" }, "bc"],
		["side-by-side", "S1abc", { speaker: "c" }, "S1c"],
		["solo", "S1abc", { speaker: "c" }, "c"],
		["solo", "S1abc", { speaker: "c", pinned: "S1" }, "S1"],
		["solo", "S1abc", { pinned: "gone" }, "a"],
		["solo", "S1", {}, "S1"],
	])("%s of %s with %o: %s", (kind, names, who, expected) => {
		expect(seen(kind, names, who)).toBe(expected);
	});

	it("shows screens whole, and labels none that stands large", () => {
		const placements = layOut(sceneOf("screen-and-speakers", "S1S2a"), undefined, canvas);
		expect(placements.map(({ fit, labelled }) => [fit, labelled])).toEqual([
			["contain", false],
			["cover", true],
			["contain", true],
		]);
	});
});

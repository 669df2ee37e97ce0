import { type LayoutKind, type Scene, tileKey } from "../../core/protocol/scene.ts";
import type { Size } from "../programme-format.ts";
import { capacity, cast } from "./casting.ts";
import { featuredRects, pictureInPictureRects, sideBySideRects } from "./featured.ts";
import { gridRects } from "./grid.ts";
import { radiusOf } from "./measures.ts";
import type { Placement, Rect } from "./placement.ts";

/**
 * Where everybody stands. `speaker` and `seated` as `cast` has them: who speaks, and whom this layout showed before. Whoever
 * has no place in the layout has none in the answer.
 */
export function layOut(
	scene: Pick<Scene, "people" | "layout">,
	speaker: string | undefined,
	canvas: Size,
	seated: readonly string[] = [],
): Placement[] {
	const { kind } = scene.layout;
	const people = cast(scene, speaker, seated);
	const rects = rectsOf(kind, people.length, canvas);
	return people.map((person, index) => {
		const rect = rects[index] as Rect;
		const isScreen = person.source === "screen";
		const isLarge = people.length === 1 || (index === 0 && kind !== "grid");
		return {
			key: tileKey(person),
			rect,
			fit: isScreen ? "contain" : "cover",
			radius: rect.width === canvas.width ? 0 : radiusOf(canvas),
			// A label would hide some of a screen that is there to be read.
			labelled: !(isScreen && isLarge),
		};
	});
}

function rectsOf(kind: LayoutKind, count: number, canvas: Size): Rect[] {
	if (kind === "grid" || count < 2) return gridRects(count, canvas);
	if (kind === "picture-in-picture") return pictureInPictureRects(canvas);
	return kind === "side-by-side" ? sideBySideRects(canvas) : featuredRects(count, capacity[kind] - 1, canvas);
}

import { expect, test } from "vitest";
import { layoutKindSchema } from "../../../../../core/protocol/scene.ts";
import { isPinned, layoutChoices, togglePin } from "./layouts.ts";

const pia = { personId: "p-piapiapiapia", source: "camera" } as const;
const screen = { ...pia, source: "screen" } as const;

test("every layout there is can be chosen, once, and is drawn on its canvas", () => {
	expect(layoutChoices.map(({ kind }) => kind)).toEqual(layoutKindSchema.options);
	for (const { x, y, width, height } of layoutChoices.flatMap(({ shapes }) => shapes)) {
		expect(x >= 0 && y >= 0 && x + width <= 32 && y + height <= 18).toBe(true);
	}
});

test("a pin is set, moved and taken back", () => {
	const pinned = togglePin({ kind: "solo", pinned: null }, pia);
	expect(pinned).toEqual({ kind: "solo", pinned: pia });
	expect([isPinned(pinned, pia), isPinned(pinned, screen)]).toEqual([true, false]);
	expect(togglePin(pinned, screen)).toEqual({ kind: "solo", pinned: screen });
	expect(togglePin(pinned, pia)).toEqual({ kind: "solo", pinned: null });
});

test("a pin in a grid makes the person large, and only what a tile is goes into it", () => {
	const person = { ...pia, name: "Pia" };
	expect(togglePin({ kind: "grid", pinned: null }, person)).toEqual({ kind: "speaker", pinned: pia });
});

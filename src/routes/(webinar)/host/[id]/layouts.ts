import type { Layout, LayoutKind, TileId } from "../../../../../core/protocol/scene.ts";

/** A rectangle on a canvas of 32 by 18, as a small drawing of the layout. `lead`: who is large. */
interface Shape {
	x: number;
	y: number;
	width: number;
	height: number;
	lead?: boolean;
}

interface LayoutChoice {
	kind: LayoutKind;
	name: string;
	/** What it does, for those who hover over it. */
	hint: string;
	shapes: Shape[];
}

const tile = (x: number, y: number, width: number, height: number, lead = false): Shape => ({
	x,
	y,
	width,
	height,
	lead,
});

export const layoutChoices: LayoutChoice[] = [
	{
		kind: "grid",
		name: "Grid",
		hint: "Everybody alike",
		shapes: [tile(2, 2, 13, 6.5), tile(17, 2, 13, 6.5), tile(2, 9.5, 13, 6.5), tile(17, 9.5, 13, 6.5)],
	},
	{
		kind: "speaker",
		name: "Speaker",
		hint: "Who is pinned or speaks is large, the others in a strip",
		shapes: [tile(2, 2, 28, 9, true), tile(4, 12.5, 7, 3.5), tile(12.5, 12.5, 7, 3.5), tile(21, 12.5, 7, 3.5)],
	},
	{
		kind: "screen-and-speakers",
		name: "Screen",
		hint: "A shared screen is large, people beside it",
		shapes: [tile(2, 2, 20, 14, true), tile(23.5, 2, 6.5, 4), tile(23.5, 7, 6.5, 4), tile(23.5, 12, 6.5, 4)],
	},
	{
		kind: "picture-in-picture",
		name: "Corner",
		hint: "A shared screen fills the picture, the speaker is in a corner",
		shapes: [tile(2, 2, 28, 14), tile(19.5, 9.5, 9, 5, true)],
	},
	{
		kind: "side-by-side",
		name: "Side by side",
		hint: "Two alike: who is pinned or a screen, and the speaker",
		shapes: [tile(2, 5, 13, 8), tile(17, 5, 13, 8, true)],
	},
	{
		kind: "solo",
		name: "Solo",
		hint: "Who is pinned or speaks, alone",
		shapes: [tile(2, 2, 28, 14, true)],
	},
];

const isSame = (a: TileId | null, b: TileId) => a?.personId === b.personId && a.source === b.source;

export function isPinned({ pinned }: Layout, personTile: TileId): boolean {
	return isSame(pinned, personTile);
}

/** With that tile pinned, or no longer. In a grid nobody is large, so that a pin there asks for the speaker's layout. */
export function togglePin(layout: Layout, { personId, source }: TileId): Layout {
	if (isSame(layout.pinned, { personId, source })) return { ...layout, pinned: null };
	return { kind: layout.kind === "grid" ? "speaker" : layout.kind, pinned: { personId, source } };
}

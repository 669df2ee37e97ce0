import { type Layout, type LayoutKind, type Scene, type ScenePerson, tileKey } from "../../core/protocol/scene.ts";

/** How many tiles each layout has room for. */
export const capacity: Record<LayoutKind, number> = {
	grid: 16,
	speaker: 6,
	"screen-and-speakers": 5,
	"picture-in-picture": 2,
	"side-by-side": 2,
	solo: 1,
};

/**
 * Who is seen, in the order of the layout's places; the first is the large one where there is one.
 *
 * `speaker`: `tileKey` of who speaks, as far as known. `seated`: keys of whom the same layout showed before, in the order
 * of its places: a change of speaker moves nobody but those who change places. Whoever is pinned or speaks is among those
 * seen, where there is room for both.
 */
export function cast(
	{ people, layout }: Pick<Scene, "people" | "layout">,
	speaker: string | undefined,
	seated: readonly string[],
): ScenePerson[] {
	const known = new Map(people.map((person) => [tileKey(person), person]));
	const isKnown = (key: string | undefined): key is string => key !== undefined && known.has(key);
	const seen = (keys: readonly string[]) => keys.flatMap((key) => known.get(key) ?? []);
	const wanted = [layout.pinned ? tileKey(layout.pinned) : undefined, speaker];
	const places = capacity[layout.kind];

	if (layout.kind === "grid") {
		if (people.length <= places) return people;
		const order = [...seated, ...known.keys()].filter(isKnown);
		return seen(choose(order, wanted.filter(isKnown), places));
	}
	const large = featured(people, layout, speaker);
	if (!large) return [];
	const first = tileKey(large);
	// Who was large takes the place of who is now.
	const [before, ...others] = seated;
	const swapped = others.map((key) => (key === first ? before : key));
	const facesFirst = [...people].sort((a, b) => Number(a.source === "screen") - Number(b.source === "screen"));
	const isBeside = (key: string | undefined): key is string => isKnown(key) && key !== first;
	const order = [...swapped, before, ...facesFirst.map(tileKey)].filter(isBeside);
	return seen([first, ...choose(order, [...wanted, before].filter(isBeside), places - 1)]);
}

/** Who stands large: what the layout is for, or else the next best. */
function featured(people: readonly ScenePerson[], { kind, pinned }: Layout, speaker: string | undefined) {
	const host = pinned && people.find((person) => tileKey(person) === tileKey(pinned));
	const screen = host?.source === "screen" ? host : people.find(({ source }) => source === "screen");
	const speaks = people.find((person) => tileKey(person) === speaker);
	const face = speaks ?? people.find(({ source }) => source === "camera");
	const any = people[0];
	if (kind === "screen-and-speakers" || kind === "picture-in-picture") return screen ?? host ?? face ?? any;
	return kind === "side-by-side" ? (host ?? screen ?? any) : (host ?? face ?? any);
}

/** The first `room` of `order`, each once; those of `wanted` who are not among them (the first matter most) take the last places. */
function choose(order: readonly string[], wanted: readonly string[], room: number): string[] {
	const chosen = [...new Set(order)].slice(0, room);
	const sure = [...new Set(wanted)].slice(0, room);
	for (const key of sure) {
		if (chosen.includes(key)) continue;
		chosen[chosen.findLastIndex((one) => !sure.includes(one))] = key;
	}
	return chosen;
}

import type { TrackLayer } from "./track-layer.ts";

/** What a page of one, two, … people beside each other shows each of them at, about, on a screen of 1080 lines. */
const HEIGHTS = [1080, 720, 540, 540, 360, 360, 360, 360, 360];
const SMALLEST_HEIGHT = 180;
const SCREEN_HEIGHT = 1080;
/** Beside a screen. */
const THUMBNAIL_HEIGHT = 180;
/** A layer this much smaller than wanted is as good: 352 lines for 360. */
const ENOUGH = 0.9;

/** The height in which a slot is of use where its page has not told: `people` and `screens` are those visible. */
export function usualHeight(source: "camera" | "screen", people: number, screens: number): number {
	if (source === "screen") return SCREEN_HEIGHT;
	if (screens > 0) return people > 3 ? THUMBNAIL_HEIGHT : 2 * THUMBNAIL_HEIGHT;
	return HEIGHTS[people - 1] ?? SMALLEST_HEIGHT;
}

/**
 * Index of the smallest layer that fills `height`, else of the best there is; -1 without any. `layers`: lowest quality
 * first. What does not tell its height is taken to be half of the next better one, the best to be enough for everything.
 */
export function usefulLayer(layers: readonly Pick<TrackLayer, "height" | "active">[], height: number): number {
	let best = -1;
	let [known, above] = [Number.POSITIVE_INFINITY, 0];
	for (let at = layers.length - 1; at >= 0; at--) {
		const layer = layers[at];
		if (!layer) continue;
		above++;
		known = layer.height ?? (above === 1 ? Number.POSITIVE_INFINITY : Math.min(known, 1440) / 2);
		if (!layer.active) continue;
		if (best >= 0 && known < height * ENOUGH) break;
		best = at;
	}
	return best;
}

import { PAUSED, type SlotDemand } from "./bandwidth/allocation.ts";
import { usefulLayer, usualHeight } from "./layer-wishes.ts";
import type { Publisher } from "./publisher.ts";
import type { Slots } from "./slots.ts";

/**
 * What each of the `streams` of video could show, by what is `shown` in its slot. `maxHeights`: by slot, where the page has
 * told; 0 for a slot nobody sees. `speaker`: who speaks, whose picture comes before others'.
 */
export function slotDemands(
	streams: readonly { slot: number }[],
	shown: Slots<Publisher>,
	maxHeights: ReadonlyMap<number, number>,
	speaker: string | undefined,
): SlotDemand[] {
	let [people, screens] = [0, 0];
	for (const publisher of shown) {
		if (publisher?.source === "screen") screens++;
		else if (publisher?.has("video")) people++;
	}
	return streams.map(({ slot }): SlotDemand => {
		const publisher = shown[slot];
		const track = publisher?.track("video");
		if (!publisher || !track) return { source: undefined, priority: "other", layers: [], maxLayer: PAUSED };
		const height = maxHeights.get(slot) ?? usualHeight(publisher.source, people, screens);
		const speaks = publisher.personId === speaker;
		return {
			source: track,
			priority: publisher.source === "screen" ? "screen" : speaks ? "speaker" : "other",
			layers: track.layers,
			maxLayer: height > 0 ? usefulLayer(track.layers, height) : PAUSED,
		};
	});
}

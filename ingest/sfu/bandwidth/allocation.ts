/** Before which others a slot gets its layers. */
export type SlotPriority = "screen" | "speaker" | "other";

/** A video slot, and what it could show. */
export interface SlotDemand {
	/** Compared by identity: the track, say. What has just come waits for nothing. */
	source: unknown;
	priority: SlotPriority;
	/** Lowest quality first; a `PublisherTrack`'s `layers` as they are. Not looked at when inactive. */
	layers: readonly LayerDemand[];
	/** Index in `layers` of the best that is of use, by the slot's size; -1 for a slot nobody sees. */
	maxLayer: number;
}

export interface LayerDemand {
	/** Bits a second. */
	readonly bitrate: number;
	readonly active: boolean;
}

/** Index in `layers`, by slot: what does not fit, or nobody sees. */
export const PAUSED = -1;

/** What a layer of which nothing was measured yet is taken for. */
const LEAST_BITRATE = 30_000;
const ORDER: Record<SlotPriority, number> = { screen: 0, speaker: 1, other: 2 };

export function layerBitrate(demand: SlotDemand, layer: number): number {
	return layer < 0 ? 0 : Math.max(LEAST_BITRATE, demand.layers[layer]?.bitrate ?? 0);
}

export function totalBitrate(demands: readonly SlotDemand[], choice: readonly number[]): number {
	return demands.reduce((sum, demand, slot) => sum + layerBitrate(demand, choice[slot] ?? PAUSED), 0);
}

/** The next active layer above `layer` and not above `limit`; PAUSED when there is none. */
export function nextLayer(demand: SlotDemand, layer: number, limit: number): number {
	const top = Math.min(limit, demand.layers.length - 1);
	for (let next = layer + 1; next <= top; next++) if (demand.layers[next]?.active) return next;
	return PAUSED;
}

/** Slots in the order they are served: the screen, who speaks, the others. */
export function servingOrder(demands: readonly SlotDemand[]): number[] {
	return demands.map((_, slot) => slot).sort((a, b) => rank(demands[a]) - rank(demands[b]) || a - b);
}

/**
 * Raises `from` as far as `budgetBps` goes: first every slot to its lowest layer, then one after the other as high as its
 * limit lets it. `budgetBps`: for all video. `limits`: layer indices. What is in `from` stays, whether it fits or not.
 */
export function raiseLayers(
	budgetBps: number,
	demands: readonly SlotDemand[],
	from: readonly number[],
	limits: readonly number[],
): number[] {
	const choice = [...from];
	const order = servingOrder(demands);
	let leftBps = budgetBps - totalBitrate(demands, choice);
	const raise = (slot: number): boolean => {
		const demand = demands[slot];
		const current = choice[slot] ?? PAUSED;
		if (!demand) return false;
		const next = nextLayer(demand, current, limits[slot] ?? PAUSED);
		const costBps = layerBitrate(demand, next) - layerBitrate(demand, current);
		if (next === PAUSED || costBps > leftBps) return false;
		choice[slot] = next;
		leftBps -= costBps;
		return true;
	};
	for (const slot of order) if (choice[slot] === PAUSED) raise(slot);
	for (const slot of order) if (choice[slot] !== PAUSED) while (raise(slot));
	return choice;
}

function rank(demand: SlotDemand | undefined): number {
	return demand ? ORDER[demand.priority] : 0;
}

import {
	layerBitrate,
	nextLayer,
	PAUSED,
	raiseLayers,
	type SlotDemand,
	servingOrder,
	totalBitrate,
} from "./allocation.ts";

export interface Allocation {
	/** By slot: index in its `layers`, or PAUSED. */
	layers: number[];
	/** All of it, audio included. */
	bitrateBps: number;
	/** What the estimate has to reach for the next better choice, audio and margin included; 0 when all have what they want. */
	wantedBps: number;
}

/** An upswitch leaves so much of the estimate free. */
const MARGIN = 1.15;
const HOLD_BACK_MS = 1000;
const LONGEST_HOLD_BACK_MS = 4000;
/** A downswitch so soon after an upswitch: it was one too many. */
const REGRET_MS = 6000;
/** Without a regret for so long, the hold-back is what it was. */
const FORGIVEN_MS = 20_000;
/** Measured bitrates jump with every keyframe. */
const SMOOTHING_MS = 2000;

interface SlotState {
	source: unknown;
	priority: string;
	maxLayer: number;
	layer: number;
	bitrates: number[];
}

/**
 * Chooses a layer for every video slot of a subscriber: worse at once, better only when it has fitted with room to spare
 * for a while. What is new in a slot, or has become more important, gets what fits at once.
 *
 * One a subscriber (subscriber.ts): `allocate` with the estimate every 100 to 200 ms, and when slots change; then switch
 * each slot to its layer (a layer switches on that layer's next keyframe, a pause at once), and set the estimator's
 * `wantedBps`.
 */
export class LayerAllocator {
	#slots: SlotState[] = [];
	#betterSinceMs = Number.NaN;
	#raisedMs = Number.NEGATIVE_INFINITY;
	#regretMs = Number.NEGATIVE_INFINITY;
	#holdBackMs = HOLD_BACK_MS;
	#updatedMs = Number.NaN;

	/**
	 * `audioBps`: of all audio that is sent to this subscriber, reserved first. `demands`: one a video slot, always in the same order.
	 */
	allocate(estimateBps: number, audioBps: number, slots: readonly SlotDemand[], nowMs: number): Allocation {
		const demands = this.#smoothed(slots, nowMs);
		const budgetBps = estimateBps - audioBps;
		const limits = demands.map((demand) => demand.maxLayer);
		const none = demands.map(() => PAUSED);
		const before = demands.map((demand, slot) => this.#keptLayer(demand, slot));

		// No better than it was, but for what is new.
		let layers = raiseLayers(
			budgetBps,
			demands,
			none,
			before.map((layer, slot) => Math.min(layer, limits[slot] ?? PAUSED)),
		);
		const same = before.every((layer, slot) => layer === this.#slots[slot]?.layer);
		if (same && layers.some((layer, slot) => layer < Math.min(before[slot] ?? PAUSED, limits[slot] ?? PAUSED)))
			this.#onWorse(nowMs);

		const better = raiseLayers(budgetBps / MARGIN, demands, layers, limits);
		if (better.every((layer, slot) => layer === layers[slot])) this.#betterSinceMs = Number.NaN;
		else if (Number.isNaN(this.#betterSinceMs)) this.#betterSinceMs = nowMs;
		if (nowMs - this.#betterSinceMs >= this.#holdBackMs) {
			layers = better;
			this.#raisedMs = nowMs;
			this.#betterSinceMs = Number.NaN;
		}

		this.#slots = demands.map((demand, slot) => ({
			source: demand.source,
			priority: demand.priority,
			maxLayer: demand.maxLayer,
			layer: layers[slot] ?? PAUSED,
			bitrates: demand.layers.map(({ bitrate }) => bitrate),
		}));
		const bitrateBps = audioBps + totalBitrate(demands, layers);
		// While it is held back, it is already looked beyond it: the estimate may prove wrong, or reach further.
		return { layers, bitrateBps, wantedBps: wantedBps(demands, better, limits, audioBps) };
	}

	/** What the slot may have without waiting. */
	#keptLayer(demand: SlotDemand, slot: number): number {
		const before = this.#slots[slot];
		if (before === undefined || before.source !== demand.source) return demand.maxLayer;
		return before.priority === demand.priority && before.maxLayer >= demand.maxLayer ? before.layer : demand.maxLayer;
	}

	#onWorse(nowMs: number): void {
		this.#betterSinceMs = Number.NaN;
		if (nowMs - this.#regretMs > FORGIVEN_MS) this.#holdBackMs = HOLD_BACK_MS;
		if (nowMs - this.#raisedMs > REGRET_MS) return;
		this.#regretMs = nowMs;
		this.#raisedMs = Number.NEGATIVE_INFINITY;
		this.#holdBackMs = Math.min(LONGEST_HOLD_BACK_MS, 2 * this.#holdBackMs);
	}

	#smoothed(slots: readonly SlotDemand[], nowMs: number): SlotDemand[] {
		const elapsedMs = Number.isNaN(this.#updatedMs) ? 0 : nowMs - this.#updatedMs;
		const weight = 1 - Math.exp(-elapsedMs / SMOOTHING_MS);
		this.#updatedMs = nowMs;
		return slots.map((demand, slot) => {
			const state = this.#slots[slot];
			const before = state !== undefined && state.source === demand.source ? state.bitrates : [];
			const layers = demand.layers.map(({ bitrate, active }, layer) => {
				const old = before[layer];
				// From nothing, or after a pause, the first measurement is as good as any.
				return { active, bitrate: old ? old + weight * (bitrate - old) : bitrate };
			});
			return { ...demand, layers };
		});
	}
}

/** For the first slot, in order of service, that could have better. */
function wantedBps(
	demands: readonly SlotDemand[],
	layers: readonly number[],
	limits: readonly number[],
	audioBps: number,
): number {
	const videoBps = totalBitrate(demands, layers);
	const order = servingOrder(demands);
	const paused = order.filter((slot) => layers[slot] === PAUSED);
	for (const slot of [...paused, ...order]) {
		const demand = demands[slot];
		const current = layers[slot] ?? PAUSED;
		if (!demand) continue;
		const next = nextLayer(demand, current, limits[slot] ?? PAUSED);
		if (next === PAUSED) continue;
		return audioBps + MARGIN * (videoBps + layerBitrate(demand, next) - layerBitrate(demand, current));
	}
	return 0;
}

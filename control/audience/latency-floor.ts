/** Of latency that all players of a webinar keep at least. */
const STEPS_MS = [0, 1500, 2000, 2500, 3000] as const;
/** Fewer than these are left to their own players, which step back by themselves. */
const FEW_VIEWERS = 5;
const MANY_STALL_SHARE = 0.1;
const CALM_SHARE = 0.02;
/** Stalls are counted for a minute, so that a step shows its effect only after one. */
const EFFECT_MS = 60_000;
const CALM_FOR_MS = 120_000;

interface Moment {
	nowMs: number;
	viewers: number;
	/** 0 to 1, over about the last minute. */
	stalledShare: number;
	/** How long it takes until every player has heard of a step. */
	intervalMs: number;
}

/**
 * How late the whole audience watches while the playback of many runs dry: on a network that jitters for everybody, one
 * player at a time would learn by a stall what the others know already. Up by a step, and down again after calm minutes.
 */
export class LatencyFloor {
	#step = 0;
	#steppedAtMs = Number.NEGATIVE_INFINITY;
	#calmSinceMs: number | null = null;

	get floorMs(): number {
		return STEPS_MS[this.#step] ?? 0;
	}

	/** To be called every few seconds. */
	judge({ nowMs, viewers, stalledShare, intervalMs }: Moment): void {
		const many = stalledShare >= MANY_STALL_SHARE && viewers * stalledShare >= FEW_VIEWERS;
		this.#calmSinceMs = stalledShare > CALM_SHARE ? null : (this.#calmSinceMs ?? nowMs);
		if (many && nowMs - this.#steppedAtMs >= EFFECT_MS + intervalMs) this.#stepTo(this.#step + 1, nowMs);
		else if (this.#calmSinceMs !== null && nowMs - this.#calmSinceMs >= CALM_FOR_MS)
			this.#stepTo(this.#step - 1, nowMs);
	}

	#stepTo(step: number, nowMs: number): void {
		if (step < 0 || step >= STEPS_MS.length) return;
		this.#step = step;
		this.#steppedAtMs = nowMs;
		this.#calmSinceMs = null;
	}
}

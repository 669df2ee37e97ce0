/** How often a playback ran dry, and for how long in all. Times are of any steady clock. */
export class StallClock {
	count = $state(0);
	totalMs = $state(0);
	#sinceMs: number | null = null;
	#beforeMs = 0;

	begin(nowMs: number): void {
		this.count++;
		this.#sinceMs = nowMs;
	}

	/** Of the stall that goes on now; null: there is none. */
	lastsMs(nowMs: number): number | null {
		return this.#sinceMs === null ? null : nowMs - this.#sinceMs;
	}

	/** To be called now and then, for the total to grow meanwhile. */
	tick(nowMs: number): void {
		if (this.#sinceMs !== null) this.totalMs = Math.round(this.#beforeMs + nowMs - this.#sinceMs);
	}

	end(nowMs: number): void {
		this.tick(nowMs);
		this.#beforeMs += this.lastsMs(nowMs) ?? 0;
		this.#sinceMs = null;
	}
}

/** How a path behaves at a time. */
export interface LinkConditions {
	/** Bits a second of IP. */
	capacityBps: number;
	/** What waits beyond this is dropped (tail drop). */
	queueBytes: number;
	/** One way. */
	delayMs: number;
	/** Evenly distributed, to both sides of the delay, with reordering: netem's default. */
	jitterMs: number;
	/** 0 to 1, whatever the load. */
	lossFraction: number;
	/** A token bucket lets so much through at any rate after a pause (tbf's burst). */
	burstBytes: number;
}

export const OPEN_LINK: LinkConditions = {
	capacityBps: 1e9,
	queueBytes: 1e6,
	delayMs: 20,
	jitterMs: 0,
	lossFraction: 0,
	burstBytes: 0,
};

/** One direction of a path with a bottleneck, in virtual time. */
export class SimulatedLink {
	conditions: LinkConditions = OPEN_LINK;
	readonly #random: () => number;
	#queuedBytes = 0;
	#tokens = 0;
	#updatedMs = 0;

	constructor(random: () => number) {
		this.#random = random;
	}

	/** When a packet sent now arrives; undefined when it is lost. */
	send(bytes: number, nowMs: number): number | undefined {
		const { capacityBps, queueBytes, delayMs, jitterMs, lossFraction, burstBytes } = this.conditions;
		const drained = ((nowMs - this.#updatedMs) * capacityBps) / 8000;
		this.#tokens = Math.min(burstBytes, this.#tokens + Math.max(0, drained - this.#queuedBytes));
		this.#queuedBytes = Math.max(0, this.#queuedBytes - drained);
		this.#updatedMs = nowMs;
		if (this.#random() < lossFraction || this.#queuedBytes + bytes > queueBytes) return undefined;
		if (this.#queuedBytes === 0 && this.#tokens >= bytes) this.#tokens -= bytes;
		else this.#queuedBytes += bytes;
		const jitter = jitterMs * (2 * this.#random() - 1);
		return nowMs + Math.max(0.1, delayMs + jitter) + (this.#queuedBytes * 8000) / capacityBps;
	}

	/** How long what is sent now would wait. */
	queueMs(nowMs: number): number {
		const { capacityBps } = this.conditions;
		return Math.max(0, (this.#queuedBytes * 8000) / capacityBps - (nowMs - this.#updatedMs));
	}
}

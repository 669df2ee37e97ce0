import type { Clock } from "../../core/runtime/clock.ts";
import { type BucketFault, bucketFault } from "./bucket-fault.ts";

export interface RetryPace {
	/** Doubled with each failure in a row. */
	firstRetryMs: number;
	longestRetryMs: number;
}

interface GateEvents {
	failed(fault: BucketFault): void;
	/** It fails from now on, or otherwise than before. */
	changed(fault: BucketFault): void;
	recovered(outageMs: number): void;
}

/** Milliseconds until the next attempt, with jitter: between half and the whole of what is doubled each time. */
export function backoffMs(failures: number, { firstRetryMs, longestRetryMs }: RetryPace): number {
	const wholeMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 30));
	return wholeMs * (0.5 + Math.random() / 2);
}

/** When the object store may be asked again: ever more seldom while it fails, and as seldom as can be when it refuses. */
export class RetryGate {
	/** Of the outage that lasts; undefined when all is well. */
	#fault: BucketFault | undefined;
	#failingSinceMs = 0;
	#lastFailureMs = 0;
	#failures = 0;
	#opensAtMs = 0;
	readonly #pace: RetryPace;
	readonly #clock: Clock;
	readonly #events: GateEvents;

	constructor(pace: RetryPace, clock: Clock, events: GateEvents) {
		this.#pace = pace;
		this.#clock = clock;
		this.#events = events;
	}

	get isOpen(): boolean {
		const waitMs = this.#opensAtMs - this.#clock.now();
		// A clock that was set back must not keep it closed.
		return waitMs <= 0 || waitMs > this.#pace.longestRetryMs;
	}

	get fault(): BucketFault | undefined {
		return this.#fault;
	}

	/** Undefined when it failed, which counts unless `signal` broke it off. */
	async attempt<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
		const sentAtMs = this.#clock.now();
		try {
			const answer = await request();
			this.#succeed();
			return answer;
		} catch (error) {
			if (!signal.aborted) this.#fail(bucketFault(error), sentAtMs);
			return undefined;
		}
	}

	#succeed(): void {
		if (this.#fault) this.#events.recovered(this.#clock.now() - this.#failingSinceMs);
		this.#fault = undefined;
		this.#failures = 0;
		this.#opensAtMs = 0;
	}

	#fail(fault: BucketFault, sentAtMs: number): void {
		const nowMs = this.#clock.now();
		const before = this.#fault;
		this.#fault = fault;
		this.#events.failed(fault);
		if (!before) this.#failingSinceMs = nowMs;
		if (before?.kind !== fault.kind || (fault.kind === "refused" && before.code !== fault.code)) {
			this.#events.changed(fault);
		} else if (sentAtMs < this.#lastFailureMs) return; // Requests that were under way together fail as one.
		this.#lastFailureMs = nowMs;
		this.#failures++;
		const { longestRetryMs } = this.#pace;
		const pace = fault.kind === "refused" ? { firstRetryMs: longestRetryMs, longestRetryMs } : this.#pace;
		this.#opensAtMs = nowMs + backoffMs(this.#failures, pace);
	}
}

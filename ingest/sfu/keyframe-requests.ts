/** Between two requests, whoever wants them: a keyframe is big, and one serves all. */
const MIN_INTERVAL_MS = 500;
/** The same for somebody who sees nothing yet, once the one before was answered. */
const BEGIN_INTERVAL_MS = 200;
/** A request that went unanswered after one retry will not be answered soon: some senders know no requests at all. */
const LATER_INTERVAL_MS = 1_000;

/** When to ask the sender of one layer for a keyframe: at once, but not too often, and until one comes. */
export class KeyframeRequests {
	#wanted = false;
	#begins = false;
	#unanswered = 0;
	#askedMs = Number.NEGATIVE_INFINITY;
	#sent = 0;

	/** Requests due so far. */
	get sent(): number {
		return this.#sent;
	}

	/** `begins`: somebody sees nothing until it comes. */
	want(begins = false): void {
		this.#wanted = true;
		this.#begins ||= begins;
	}

	onKeyframe(): void {
		this.#wanted = false;
		this.#begins = false;
		this.#unanswered = 0;
	}

	/** Whether to ask now. */
	due(nowMs: number): boolean {
		if (!this.#wanted) return false;
		if (nowMs - this.#askedMs < this.#intervalMs) return false;
		this.#askedMs = nowMs;
		this.#unanswered++;
		this.#sent++;
		return true;
	}

	get #intervalMs(): number {
		if (this.#unanswered > 1) return LATER_INTERVAL_MS;
		return this.#unanswered === 0 && this.#begins ? BEGIN_INTERVAL_MS : MIN_INTERVAL_MS;
	}
}

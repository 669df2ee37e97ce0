/** A request whose answer is yet to come. */
export interface BlockedRequest {
	isReady: () => boolean;
	answer: () => void;
	/** Waited too long, or the server ends. */
	refuse: () => void;
}

interface BlockedRequestsOptions {
	/** More are not taken. */
	limit: number;
	/** How long one may wait, in milliseconds. */
	patienceMs: number;
}

/** The requests that wait for one rendition. Whoever owns it calls `expire` from time to time. */
export class BlockedRequests {
	readonly #limit: number;
	readonly #patienceMs: number;
	/** With the time at which patience ends; in the order of arrival, and so of that time. */
	readonly #requests = new Map<BlockedRequest, number>();

	constructor({ limit, patienceMs }: BlockedRequestsOptions) {
		this.#limit = limit;
		this.#patienceMs = patienceMs;
	}

	get size(): number {
		return this.#requests.size;
	}

	/** False when there are too many already. */
	add(request: BlockedRequest, nowMs: number): boolean {
		if (this.#requests.size >= this.#limit) return false;
		this.#requests.set(request, nowMs + this.#patienceMs);
		return true;
	}

	/** Its client has gone. */
	remove(request: BlockedRequest): void {
		this.#requests.delete(request);
	}

	/** Answers all that can be answered now. */
	release(): void {
		for (const request of this.#requests.keys()) {
			if (!request.isReady()) continue;
			this.#requests.delete(request);
			request.answer();
		}
	}

	/** Refuses those that have waited too long. */
	expire(nowMs: number): void {
		for (const [request, untilMs] of this.#requests) {
			if (untilMs > nowMs) break;
			this.#requests.delete(request);
			request.refuse();
		}
	}

	refuseAll(): void {
		this.expire(Number.POSITIVE_INFINITY);
	}
}

import { isIPv6 } from "node:net";
import type { Clock } from "./clock.ts";

export interface RequestLimit {
	/** Requests that may come at once. */
	burst: number;
	perSecond: number;
}

/** Buckets kept; the one not used for longest goes first. */
const MAX_BUCKETS = 10_000;

/** A token bucket for each key: a session's name, or a client's address. */
export class RequestLimiter {
	readonly #limit: RequestLimit;
	readonly #clock: Clock;
	readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

	constructor(limit: RequestLimit, { clock }: { clock: Clock }) {
		this.#limit = limit;
		this.#clock = clock;
	}

	/** Buckets there are. */
	get size(): number {
		return this.#buckets.size;
	}

	/** Takes one request. 0 when there was one to take, else the seconds until there is. */
	take(key: string): number {
		const { burst, perSecond } = this.#limit;
		const now = this.#clock.now();
		const bucket = this.#buckets.get(key) ?? { tokens: burst, atMs: now };
		// The clock is the wall's, which may be set back.
		const refill = (Math.max(0, now - bucket.atMs) / 1000) * perSecond;
		const tokens = Math.min(burst, bucket.tokens + refill);
		const taken = tokens >= 1;
		this.#buckets.delete(key);
		this.#buckets.set(key, { tokens: taken ? tokens - 1 : tokens, atMs: now });
		// One that is full again says no more than none.
		const fullSinceMs = now - (burst / perSecond) * 1000;
		for (const [oldest, { atMs }] of this.#buckets) {
			if (this.#buckets.size <= MAX_BUCKETS && atMs > fullSinceMs) break;
			this.#buckets.delete(oldest);
		}
		return taken ? 0 : Math.ceil((1 - tokens) / perSecond);
	}
}

/** Whoever has one IPv6 address has its whole /64. */
export function addressKey(address: string): string {
	const ipv4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
	if (ipv4 || !isIPv6(address)) return ipv4 ?? address;
	const [head = "", tail] = (address.split("%", 1)[0] ?? "").split("::");
	const start = head ? head.split(":") : [];
	const end = tail ? tail.split(":") : [];
	const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - start.length - end.length)).fill("0");
	return [...start, ...zeros, ...end]
		.slice(0, 4)
		.map((group) => Number.parseInt(group, 16).toString(16))
		.join(":");
}

/**
 * How long to wait before try number `attempt` (0 is the first repetition): doubling from `firstMs` up to `mostMs`, then
 * spread over its upper half, so that many clients that lost the same server do not return in one instant.
 */
export function backoffMs(attempt: number, { firstMs = 500, mostMs = 10_000, random = Math.random } = {}): number {
	const fullMs = Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 16));
	return fullMs * (0.5 + 0.5 * random());
}

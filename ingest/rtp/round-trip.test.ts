import { expect, test } from "vitest";
import { ntpOf, RoundTrip } from "./round-trip.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const middle = (nowMs: number) => Number((ntpOf(nowMs) >> 16n) & 0xffffffffn);

test("the round trip is what passed less what the sender kept it", () => {
	const trip = new RoundTrip();
	expect([trip.ms, trip.measuredMs]).toEqual([100, undefined]);
	trip.onAnswer(middle(NOW_MS), 65_536, NOW_MS + 1_042);
	expect(trip.measuredMs).toBeCloseTo(42, 0);
});

test("answers that cannot be are passed over", () => {
	const trip = new RoundTrip();
	// No reference time had come, said at one that looks like soon after.
	trip.onAnswer(0, 0, (60_000 * 65_536 - 2_208_988_800) * 1000 + 50);
	trip.onAnswer(middle(NOW_MS), 65_536, NOW_MS + 500);
	trip.onAnswer(middle(NOW_MS), 0, NOW_MS + 60_000);
	trip.onAnswer(0xffffffff, 0xffffffff, NOW_MS);
	expect(trip.measuredMs).toBeUndefined();
});

test("without answers, retransmissions tell", () => {
	const trip = new RoundTrip();
	for (let sample = 0; sample < 50; sample++) trip.onRetransmission(30);
	expect(trip.ms).toBeCloseTo(30);
	trip.onAnswer(middle(NOW_MS), 0, NOW_MS + 20);
	expect(trip.ms).toBeCloseTo(20, 0);
});

test("NTP time counts from 1900, and its fraction is of a second", () => {
	expect(ntpOf(500)).toBe((2_208_988_800n << 32n) | 0x8000_0000n);
});

import { expect, test } from "vitest";
import { RateMeter } from "./rate-meter.ts";

test("a steady stream has its rate, from soon after its beginning", () => {
	const rate = new RateMeter();
	expect(rate.bitsPerSecond(0)).toBe(0);
	// 1000 bytes each 10 ms are 800 kbit/s.
	for (let ms = 5_000; ms <= 12_340; ms += 10) {
		rate.add(1000, ms);
		if (ms >= 5_300) {
			expect(rate.bitsPerSecond(ms)).toBeGreaterThan(780_000);
			expect(rate.bitsPerSecond(ms)).toBeLessThan(830_000);
		}
	}
});

test("what stops is forgotten within a second, also after a long silence", () => {
	const rate = new RateMeter();
	for (let ms = 0; ms < 2_000; ms += 10) rate.add(1000, ms);
	expect(rate.bitsPerSecond(2_500)).toBeGreaterThan(300_000);
	expect(rate.bitsPerSecond(2_500)).toBeLessThan(500_000);
	expect(rate.bitsPerSecond(3_100)).toBe(0);
	rate.add(125, 100_000);
	expect(rate.bitsPerSecond(100_900)).toBeLessThan(1_200);
});

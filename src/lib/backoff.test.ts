import { expect, test } from "vitest";
import { backoffMs } from "./backoff.ts";

test("doubles from the first delay and stays bounded", () => {
	const random = () => 1;
	expect([0, 1, 2, 3].map((attempt) => backoffMs(attempt, { random }))).toEqual([500, 1000, 2000, 4000]);
	expect(backoffMs(1e9, { random })).toBe(10_000);
});

test("is spread over the upper half of the delay", () => {
	expect(backoffMs(3, { random: () => 0 })).toBe(2000);
	expect(backoffMs(3, { random: () => 0.5 })).toBe(3000);
});

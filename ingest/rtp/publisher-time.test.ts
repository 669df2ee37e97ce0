import { expect, test } from "vitest";
import { PublisherTime } from "./publisher-time.ts";
import { ntpOf } from "./round-trip.ts";

test("a publisher's reports keep their distances, on our clock", () => {
	const time = new PublisherTime();
	const [early, late] = [5n << 32n, (7n << 32n) + 99n];
	expect(time.ours(early, 1_000_000)).toBe(ntpOf(1_000_000));
	// However late the next one comes.
	expect(time.ours(late, 1_004_000)).toBe(ntpOf(1_000_000) + late - early);
	expect(time.ours(early - 1n, 1_004_000)).toBe(ntpOf(1_000_000) - 1n);
});

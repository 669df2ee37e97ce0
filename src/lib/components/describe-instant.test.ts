import { expect, test } from "vitest";
import { describeInstant } from "./describe-instant.ts";

const now = new Date(2026, 2, 28, 22, 15).getTime();
/** In the zone of the machine, as a person would have typed it. */
const iso = (...parts: [number, number, number, number, number]) => new Date(...parts).toISOString();

test.each([
	[iso(2026, 2, 28, 14, 5), "today at 14:05"],
	// Across the hour that is skipped in spring in much of Europe.
	[iso(2026, 2, 29, 9, 30), "tomorrow at 09:30"],
	[iso(2026, 2, 27, 23, 59), "yesterday at 23:59"],
	[iso(2026, 3, 2, 9, 0), "Thu 2 Apr at 09:00"],
	[iso(2027, 0, 5, 9, 0), "Tue, 5 Jan 2027 at 09:00"],
])("%s is %s", (instant, expected) => {
	expect(describeInstant(instant, now, "en-GB")).toBe(expected);
});

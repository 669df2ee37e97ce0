import { expect, test } from "vitest";
import { describeDelay } from "./describe-delay.ts";

test("a delay is said in seconds, and from a minute on as a clock shows it", () => {
	expect(describeDelay(-300)).toBe("0.0 s");
	expect(describeDelay(1249)).toBe("1.2 s");
	expect(describeDelay(9_960)).toBe("10 s");
	expect(describeDelay(59_400)).toBe("59 s");
	expect(describeDelay(59_600)).toBe("1:00");
	expect(describeDelay(725_000)).toBe("12:05");
	expect(describeDelay(3_725_000)).toBe("1:02:05");
});

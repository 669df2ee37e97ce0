import { expect, test } from "vitest";
import { percent, rungName, spreadFigure, stallFigure } from "./audience-words.ts";

test("a spread is told by its middle and by what nearly all are below", () => {
	expect(spreadFigure({ p50: 1340, p95: 1960 })).toEqual({ value: "1.3\u00a0s", hint: "95\u00a0% below 2.0\u00a0s" });
	expect(spreadFigure(null)).toEqual({ value: "–", hint: "not known yet" });
});

test("few who met with a gap are not nobody", () => {
	expect(stallFigure({ viewers: 5000, stalledShare: 0 }).value).toBe("nobody");
	expect(stallFigure({ viewers: 5000, stalledShare: 0.001 }).value).toBe("under 1\u00a0%");
	expect(stallFigure({ viewers: 5000, stalledShare: 0.124 }).value).toBe("12\u00a0%");
	expect(stallFigure({ viewers: 0, stalledShare: 0 }).value).toBe("–");
});

test("a rung is named by its lines, and shares in whole hundredths", () => {
	expect([1080, 0].map(rungName)).toEqual(["1080p", "Sound only"]);
	expect([0, 0.004, 0.5, 1].map(percent)).toEqual(["0\u00a0%", "under 1\u00a0%", "50\u00a0%", "100\u00a0%"]);
});

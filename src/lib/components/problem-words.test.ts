import { expect, test } from "vitest";
import { problemWords } from "./problem-words.ts";

test("a known code has its own words, whatever the server says", () => {
	expect(problemWords({ code: "webinar-ended", detail: "no" })).toBe("This webinar has ended.");
});

test("any other problem is said as the server says it, as a sentence", () => {
	expect(problemWords({ code: "invalid-body", detail: "title: too long" })).toBe("title: too long.");
});

test("what never reached the server is about the connection", () => {
	expect(problemWords(new TypeError("Failed to fetch"))).toContain("connection");
});

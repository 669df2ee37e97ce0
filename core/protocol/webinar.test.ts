import { expect, test } from "vitest";
import { createWebinarSchema, patchWebinarSchema, personNameSchema } from "./webinar.ts";

test("names are trimmed, and hold any letter there is", () => {
	expect(personNameSchema.parse("  Zoë 张伟 👩‍🚀 ")).toBe("Zoë 张伟 👩‍🚀");
});

test.each(["", "   ", "x".repeat(81), "a\u0000b", "a\nb", "a\u0085b", "a\u007fb"])("%j is no name", (name) => {
	expect(personNameSchema.safeParse(name).success).toBe(false);
});

test("a planned start has a zone, or is taken back by null", () => {
	const startsAt = "2026-02-28T10:00:00+02:00";
	expect(createWebinarSchema.parse({ title: "x", startsAt })).toEqual({ title: "x", startsAt });
	expect(createWebinarSchema.safeParse({ title: "x", startsAt: "2026-02-28T10:00:00" }).success).toBe(false);
	expect(patchWebinarSchema.parse({ startsAt: null })).toEqual({ startsAt: null });
	expect(patchWebinarSchema.safeParse({ state: "live" }).success).toBe(false);
});

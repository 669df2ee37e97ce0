import { randomFillSync } from "node:crypto";
import { expect, test } from "vitest";
import { drawId, personIdSchema, webinarIdSchema } from "./ids.ts";

test("drawn ids fit their schemas and do not repeat", () => {
	const ids = Array.from({ length: 1000 }, () => drawId((bytes) => randomFillSync(bytes)));
	expect(new Set(ids).size).toBe(ids.length);
	for (const id of ids) {
		expect(webinarIdSchema.parse(id)).toBe(id);
		expect(personIdSchema.parse(`p-${id}`)).toBe(`p-${id}`);
	}
});

test("bytes that would favour some letters are passed over", () => {
	let next = 0;
	const id = drawId((bytes) => {
		for (let i = 0; i < bytes.length; i++) bytes[i] = i % 2 === 0 ? 252 + (i % 4) : next++;
		return bytes;
	});
	expect(id).toBe("abcdefghijkl");
});

test.each(["", "abc", "ABCDEFGHIJKL", "abcdefghijklm", "../../etc/pa", "abcdefghijk\n"])(
	"%j is no webinar id",
	(id) => {
		expect(webinarIdSchema.safeParse(id).success).toBe(false);
		expect(personIdSchema.safeParse(`p-${id}`).success).toBe(false);
	},
);

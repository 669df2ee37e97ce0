import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { SeenNominations, transactionKey } from "./seen-nominations.ts";

test("the newest are known again, however many have come", () => {
	const seen = new SeenNominations();
	const keys = Array.from({ length: 5_000 }, () => transactionKey(randomBytes(12)));
	expect(keys.map((key) => seen.add(key))).toEqual(keys.map(() => true));
	expect(keys.slice(-2_048).map((key) => seen.add(key))).toEqual(Array(2_048).fill(false));
	expect(seen.add(keys[0] ?? 0)).toBe(true);
	expect(seen.add(transactionKey(Buffer.alloc(12)))).toBe(true);
});

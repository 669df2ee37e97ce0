import fc from "fast-check";
import { expect, test } from "vitest";
import { assignSlots, assignSpeaker, type Shown, type Slots } from "./slots.ts";

/** "a" is a's camera, "A" a's screen. */
const shown = (name: string): Shown => ({
	personId: name.toLowerCase(),
	source: name === name.toLowerCase() ? "camera" : "screen",
});
const name = (one: Shown | null) => one && (one.source === "camera" ? one.personId : one.personId.toUpperCase());
const slotsOf = (names: (string | null)[]): Slots => names.map((one) => (one === null ? null : shown(one)));

const NOW = 100_000;
/** `spoke`: how many milliseconds ago. */
function assign(current: (string | null)[], present: string, spoke: Record<string, number> = {}) {
	const spokeMs = (personId: string) => NOW - (spoke[personId] ?? Number.POSITIVE_INFINITY);
	return assignSlots(slotsOf(current), [...present].map(shown), spokeMs, NOW).map(name);
}

test.each([
	[[null, null, null], "a", ["a", null, null]],
	[["a", null, null], "ab", ["a", "b", null]],
	[["a", "b", "c"], "bc", [null, "b", "c"]],
	[["a", "b"], "bcd", ["c", "b"]],
	[["a", "b"], "abc", ["a", "b"]],
	[["a", "b"], "", [null, null]],
	// Who left and came back is the last in line.
	[["a", null], "ba", ["a", "b"]],
	// A screen comes first; who was there moves to a free slot, or waits.
	[["a", null, null], "aA", ["A", "a", null]],
	[["a", "b", null], "abB", ["B", "b", "a"]],
	[["a", "b"], "abB", ["B", "b"]],
	[["A", "a", null], "aABc", ["A", "B", "a"]],
	[["A", "a", null], "a", [null, "a", null]],
	[["A", "a"], "aABC", ["A", "B"]],
	// The second screen is the first when that one ends.
	[["A", "B", "c"], "Bc", ["B", null, "c"]],
] as const)("%j with %s present becomes %j", (current, present, expected) => {
	expect(assign([...current], present)).toEqual(expected);
});

test.each([
	// c speaks: a was silent longest.
	[["a", "b"], "abc", { a: 20_000, b: 10_000, c: 100 }, ["c", "b"]],
	[["a", "b"], "abc", { b: 10_000, c: 100 }, ["c", "b"]],
	// Both were heard a moment ago.
	[["a", "b"], "abc", { a: 2_000, b: 1_000, c: 0 }, ["a", "b"]],
	// c stopped speaking before there was room.
	[["a", "b"], "abc", { a: 20_000, b: 10_000, c: 3_000 }, ["a", "b"]],
	// A screen is not taken away.
	[["A", "b"], "Abc", { a: 50_000, b: 5_000, c: 0 }, ["A", "c"]],
	[["A", "b"], "Abc", { a: 50_000, b: 1_000, c: 0 }, ["A", "b"]],
	// A free slot goes to who spoke last.
	[["a", null], "abcd", { c: 60_000, d: 30_000 }, ["a", "d"]],
] as const)("%j with %s present, who spoke %j ms ago, becomes %j", (current, present, spoke, expected) => {
	expect(assign([...current], present, spoke)).toEqual(expected);
});

test.each([
	[null, null, "ab", undefined, "a", "a"],
	["a", "a", "ab", "b", "b", "b"],
	["b", "b", "ab", undefined, "b", "b"],
	// The speaker is the subscriber, so not among the others: the picture stays.
	["b", "b", "ab", "me", "b", "b"],
	["b", "b", "a", "b", "a", "a"],
	["a", "a", "", "a", null, null],
	// A screen is seen, the speaker heard.
	["a", "a", "abB", "a", "B", "a"],
	["B", "a", "abBA", "b", "B", "b"],
	["B", "b", "ab", undefined, "b", "b"],
] as const)(
	"the one slot that shows %j and sounds of %j, with %s present and %s speaking, becomes %j and %j",
	(current, voice, present, speaker, expected, heard) => {
		const [now, before] = slotsOf([current, voice]);
		const result = assignSpeaker(now ?? null, before ?? null, [...present].map(shown), speaker);
		expect([name(result.shown), name(result.heard)]).toEqual([expected, heard]);
	},
);

test("nobody is in two slots, nobody who is gone in any, and no slot is empty while someone waits", () => {
	const people = fc.subarray([..."abcdefABC"]);
	fc.assert(
		fc.property(
			fc.integer({ min: 2, max: 5 }),
			fc.array(fc.tuple(people, fc.dictionary(fc.constantFrom(..."abcdef"), fc.nat(20_000)))),
			(count, rounds) => {
				let slots: (string | null)[] = Array<null>(count).fill(null);
				for (const [present, spoke] of rounds) {
					const before = slots;
					slots = assign(slots, present.join(""), spoke);
					const filled = slots.filter((one) => one !== null);
					expect(new Set(filled).size).toBe(filled.length);
					expect(filled.length).toBe(Math.min(count, present.length));
					for (const one of filled) expect(present).toContain(one);
					// Nothing changes that has no reason to.
					expect(assign(slots, present.join(""), spoke)).toEqual(slots);
					expect(before).toHaveLength(count);
				}
			},
		),
	);
});

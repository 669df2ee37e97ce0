import { expect, test } from "vitest";
import { assignSlots, assignSpeaker } from "./slots.ts";

test.each([
	[[null, null, null], ["a"], ["a", null, null]],
	[
		["a", null, null],
		["a", "b"],
		["a", "b", null],
	],
	[
		["a", "b", "c"],
		["b", "c"],
		[null, "b", "c"],
	],
	[
		["a", "b"],
		["b", "c", "d"],
		["c", "b"],
	],
	[
		["a", "b"],
		["a", "b", "c"],
		["a", "b"],
	],
	[["a", "b"], [], [null, null]],
	// Who left and came back is the last in line.
	[
		["a", null],
		["b", "a"],
		["a", "b"],
	],
])("%j with %j present becomes %j", (current, present, expected) => {
	expect(assignSlots(current, present)).toEqual(expected);
});

test.each([
	[[null], ["a", "b"], undefined, ["a"]],
	[["a"], ["a", "b"], "b", ["b"]],
	[["b"], ["a", "b"], undefined, ["b"]],
	// The speaker is the subscriber, so not among the others: the picture stays.
	[["b"], ["a", "b"], "me", ["b"]],
	[["b"], ["a"], "b", ["a"]],
	[["a"], [], "a", [null]],
])("the one slot %j with %j present and %s speaking becomes %j", (current, present, speaker, expected) => {
	expect(assignSpeaker(current, present, speaker)).toEqual(expected);
});

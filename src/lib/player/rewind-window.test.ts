import { expect, test } from "vitest";
import { isRewound, rewindable, sameWindow } from "./rewind-window.ts";

test("two minutes are the least that can be gone back to", () => {
	expect(rewindable(null)).toBeNull();
	expect(rewindable({ startS: 100, endS: 219 })).toBeNull();
	expect(rewindable({ startS: 100, endS: 220 })).toEqual({ startS: 106, endS: 220 });
});

test("a playhead is only late up to three seconds, and back on purpose from there", () => {
	expect(isRewound(2.9)).toBe(false);
	expect(isRewound(3.1)).toBe(true);
});

test("a window that moves by less than a seek bar shows is the same", () => {
	expect(sameWindow(null, null)).toBe(true);
	expect(sameWindow(null, { startS: 0, endS: 200 })).toBe(false);
	expect(sameWindow({ startS: 0, endS: 200 }, { startS: 0.2, endS: 200.4 })).toBe(true);
	expect(sameWindow({ startS: 0, endS: 200 }, { startS: 0, endS: 200.6 })).toBe(false);
});

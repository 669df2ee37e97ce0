import { expect, test } from "vitest";
import { ActiveSpeaker } from "./active-speaker.ts";

/** Levels every 20 ms, decisions every 100 ms, as live. */
function simulate(speaker: ActiveSpeaker, fromMs: number, durationMs: number, levels: Record<string, number>): void {
	for (let nowMs = fromMs; nowMs < fromMs + durationMs; nowMs += 20) {
		for (const [person, level] of Object.entries(levels)) speaker.onLevel(person, level, 5_000_000 + nowMs, nowMs);
		if (nowMs % 100 === 0) speaker.update(nowMs);
	}
}

test("who speaks is followed, but not at every cough", () => {
	const speaker = new ActiveSpeaker();
	simulate(speaker, 0, 2000, { a: 90, b: 100 });
	expect(speaker.current).toBeUndefined();
	simulate(speaker, 2000, 1000, { a: 30, b: 100 });
	expect(speaker.current).toBe("a");
	simulate(speaker, 3000, 300, { a: 30, b: 10 });
	simulate(speaker, 3300, 1000, { a: 30, b: 100 });
	expect(speaker.current).toBe("a");
	simulate(speaker, 4300, 1000, { a: 100, b: 100 });
	expect(speaker.current).toBe("a");
	simulate(speaker, 5300, 2500, { a: 90, b: 30 });
	expect(speaker.current).toBe("b");
});

test("someone a little louder does not take over, and who left does not speak", () => {
	const speaker = new ActiveSpeaker();
	simulate(speaker, 0, 1000, { a: 30 });
	simulate(speaker, 1000, 3000, { a: 30, b: 27 });
	expect(speaker.current).toBe("a");
	speaker.remove("a");
	expect(speaker.current).toBeUndefined();
	simulate(speaker, 4000, 200, { b: 27 });
	expect(speaker.current).toBe("b");
});

test("who sends no more is silent", () => {
	const speaker = new ActiveSpeaker();
	simulate(speaker, 0, 1000, { a: 20 });
	simulate(speaker, 1000, 3000, { b: 40 });
	expect(speaker.current).toBe("b");
});

test("packets that come in a burst weigh as much as those that come one by one", () => {
	const [smooth, bursty] = [new ActiveSpeaker(), new ActiveSpeaker()];
	for (const speaker of [smooth, bursty]) simulate(speaker, 0, 1000, { a: 127 });
	// 200 ms of speech, then as much silence: too short to count.
	for (let mediaMs = 1000; mediaMs < 1060; mediaMs += 20) {
		smooth.onLevel("a", 20, 5_000_000 + mediaMs, mediaMs);
		bursty.onLevel("a", 20, 5_000_000 + mediaMs, 1060);
	}
	expect([smooth.update(1060), bursty.update(1060)]).toEqual([false, false]);
	expect(bursty.spokeMs("a")).toBe(Number.NEGATIVE_INFINITY);
	for (let mediaMs = 1060; mediaMs < 2000; mediaMs += 20) bursty.onLevel("a", 20, 5_000_000 + mediaMs, 2000);
	expect([bursty.update(2000), bursty.spokeMs("a")]).toEqual([true, 2000]);
});

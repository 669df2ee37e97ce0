import { expect, test } from "vitest";
import { ClockOffset } from "./clock-offset.ts";

/** The server is 5000 ms ahead; `up` and `down` are the one-way delays. */
const sample = (sentMs: number, up: number, down: number) => ({
	sentMs,
	receivedMs: sentMs + up + down,
	serverMs: sentMs + up + 5000,
});

test("knows nothing before the first answer", () => {
	expect(new ClockOffset().offsetMs).toBeUndefined();
});

test("takes the sample with the shortest round trip, whose error is the smallest", () => {
	const clock = new ClockOffset();
	clock.add(sample(0, 400, 20));
	expect(clock.offsetMs).toBe(5190);
	clock.add(sample(1000, 12, 10));
	clock.add(sample(2000, 10, 300));
	expect(clock.offsetMs).toBe(5001);
});

test("follows a clock that was set anew, and ignores an exchange during which it was set back", () => {
	const clock = new ClockOffset();
	clock.add(sample(0, 5, 5));
	clock.add({ sentMs: 1000, receivedMs: 400, serverMs: 1 });
	expect(clock.offsetMs).toBe(5000);
	for (let i = 0; i < 8; i++) clock.add({ sentMs: i * 100, receivedMs: i * 100 + 40, serverMs: i * 100 + 20 - 900 });
	expect(clock.offsetMs).toBe(-900);
});

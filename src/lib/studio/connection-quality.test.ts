import { expect, test } from "vitest";
import type { DownFigures, UpFigures } from "../../../core/protocol/figures.ts";
import { connectionDetails, connectionQuality } from "./connection-quality.ts";

const personId = "p-aaaaaaaaaaaa";
const up = (of: Partial<UpFigures> = {}): UpFigures => ({
	bitsPerSecond: 1_250_000,
	lossShare: 0,
	rttMs: 40,
	jitterMs: 5,
	freezes: 0,
	layers: [
		{ source: "camera", rid: "l", height: 180, bitsPerSecond: 150_000 },
		{ source: "camera", rid: "h", height: 720, bitsPerSecond: 1_060_000 },
	],
	...of,
});
const down = (of: Partial<DownFigures> = {}): DownFigures => ({
	bitsPerSecond: 800_000,
	estimateBitsPerSecond: 2_000_000,
	lossShare: 0,
	rttMs: 40,
	paused: [],
	layers: [],
	...of,
});

test.each([
	["good", { up: up(), down: down() }],
	["good", { up: up({ lossShare: 0.029, rttMs: 299, jitterMs: 49 }) }],
	["good", { up: up({ bitsPerSecond: 2_000, rttMs: undefined }) }],
	["fair", { up: up({ lossShare: 0.03 }) }],
	["fair", { up: up({ rttMs: 300 }) }],
	["fair", { up: up({ jitterMs: 50 }) }],
	["fair", { up: up(), down: down({ lossShare: 0.09 }) }],
	["fair", { up: up(), down: down({ rttMs: 799 }) }],
	["fair", { down: down({ paused: [2] }) }],
	["fair", { down: down({ estimateBitsPerSecond: 299_999 }) }],
	["poor", { up: up({ lossShare: 0.1 }), down: down() }],
	["poor", { up: up(), down: down({ rttMs: 800 }) }],
	["poor", { up: up({ jitterMs: 120 }) }],
	["poor", { down: down({ estimateBitsPerSecond: 99_999 }) }],
	["poor", { up: up({ bitsPerSecond: 0 }), down: down() }],
	[undefined, {}],
] as const)("%s for %o", (quality, figures) => {
	expect(connectionQuality({ personId, ...figures } as never)).toBe(quality);
});

test("the details name both directions in units people know", () => {
	expect(
		connectionDetails({ personId, up: up({ lossShare: 0.0123, freezes: 1 }), down: down({ paused: [1, 2] }) }),
	).toBe(
		"Sends 1.3 Mbit/s, 1.2 % lost, 40 ms round trip, 720p, 5 ms jitter, 1 freeze\n" +
			"Receives 800 kbit/s, 0 % lost, 40 ms round trip, 2 pictures held back",
	);
	expect(connectionDetails({ personId, down: down({ rttMs: undefined, bitsPerSecond: 0 }) })).toBe(
		"Receives 0 kbit/s, 0 % lost",
	);
	expect(connectionDetails({ personId })).toBe("");
});

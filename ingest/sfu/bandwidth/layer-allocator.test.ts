import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PAUSED, raiseLayers, type SlotDemand, type SlotPriority, totalBitrate } from "./allocation.ts";
import { type Allocation, LayerAllocator } from "./layer-allocator.ts";

const AUDIO_BPS = 40_000;

function slot(priority: SlotPriority, kbits: readonly number[] = [150, 500, 1500], maxLayer = 2): SlotDemand {
	const layers = kbits.map((kbit) => ({ bitrate: 1000 * kbit, active: kbit > 0 }));
	return { source: `${priority} of ${kbits}`, priority, layers, maxLayer };
}

/** From nothing, without a limit of its own. */
function choose(kbits: number, demands: SlotDemand[]): number[] {
	const none = demands.map(() => PAUSED);
	return raiseLayers(
		1000 * kbits,
		demands,
		none,
		demands.map(({ maxLayer }) => maxLayer),
	);
}

describe("the choice of layers", () => {
	const stage = [slot("other"), slot("speaker"), slot("screen")];

	test.each([
		[100, [PAUSED, PAUSED, PAUSED]],
		[150, [PAUSED, PAUSED, 0]],
		[300, [PAUSED, 0, 0]],
		[450, [0, 0, 0]],
		[800, [0, 0, 1]],
		[1150, [0, 1, 1]],
		[1799, [1, 1, 1]],
		[1800, [0, 0, 2]],
		[2150, [0, 1, 2]],
		[2500, [1, 1, 2]],
		[3150, [0, 2, 2]],
		[4500, [2, 2, 2]],
		[99_999, [2, 2, 2]],
	])("with %i kbit/s: everybody, then the screen, then who speaks", (kbits, expected) => {
		expect(choose(kbits, stage)).toEqual(expected);
	});

	test("leaves out layers that are not sent, are too large or nobody sees", () => {
		expect(choose(9000, [slot("other", [150, 0, 1500]), slot("other", [150, 500, 1500], 1)])).toEqual([2, 1]);
		expect(choose(9000, [slot("other", [0, 0, 0]), slot("other", [], 2), slot("screen", [150], PAUSED)])).toEqual([
			PAUSED,
			PAUSED,
			PAUSED,
		]);
	});

	test("fills what a large one leaves with a small one", () => {
		expect(choose(200, [slot("screen", [400]), slot("other", [150, 190])])).toEqual([PAUSED, 1]);
	});
});

describe("over time", () => {
	class Stage {
		nowMs = 0;
		readonly allocator = new LayerAllocator();
		demands: SlotDemand[];

		constructor(...demands: SlotDemand[]) {
			this.demands = demands;
		}

		/** The last of what is chosen for so long. */
		at(kbits: number, ms = 100): Allocation {
			let last: Allocation | undefined;
			for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs += 100)
				last = this.allocator.allocate(1000 * kbits, AUDIO_BPS, this.demands, this.nowMs);
			if (!last) throw new Error("no time has passed");
			return last;
		}
	}

	test("begins with what fits, says what it takes, and wants nothing more than there is", () => {
		expect(new Stage(slot("speaker")).at(2000)).toEqual({ layers: [2], bitrateBps: 1_540_000, wantedBps: 0 });
	});

	test("goes down at once, and up when it has fitted with room to spare for a second", () => {
		const stage = new Stage(slot("speaker"));
		stage.at(2000, 10_000);
		expect(stage.at(1539).layers).toEqual([1]);
		expect(stage.at(1700, 5000).layers).toEqual([1]);
		expect(stage.at(1800, 1000).layers).toEqual([1]);
		expect(stage.at(1800, 200).layers).toEqual([2]);
		expect(stage.at(1541).layers).toEqual([2]);
	});

	test("names what the next step takes, margin and audio included", () => {
		const stage = new Stage(slot("speaker"), slot("other"));
		const { layers, wantedBps } = stage.at(800);
		expect(layers).toEqual([1, 0]);
		expect(wantedBps).toBeCloseTo(AUDIO_BPS + 1.15 * 1_650_000);
		expect(stage.at(200)).toMatchObject({ layers: [0, PAUSED], bitrateBps: 190_000 });
		expect(stage.at(200).wantedBps).toBeCloseTo(AUDIO_BPS + 1.15 * 300_000);
		expect(stage.at(30)).toMatchObject({ layers: [PAUSED, PAUSED], bitrateBps: AUDIO_BPS });
	});

	test("holds back longer after an upswitch that did not last", () => {
		const stage = new Stage(slot("speaker"));
		stage.at(1000, 1000);
		const risesAfterMs = (): number => {
			const startMs = stage.nowMs;
			while (stage.at(2000).layers[0] !== 2);
			return stage.nowMs - startMs;
		};
		expect(risesAfterMs()).toBeLessThan(1500);
		stage.at(1000, 1000);
		expect(risesAfterMs()).toBeGreaterThan(2000);
		stage.at(1000, 1000);
		const longest = risesAfterMs();
		expect(longest).toBeGreaterThan(3900);
		expect(longest).toBeLessThan(4500);
		stage.at(2000, 30_000);
		stage.at(1000, 1000);
		expect(risesAfterMs()).toBeLessThan(1500);
	});

	test("somebody new, or who begins to speak, waits for nothing and takes from the others", () => {
		const stage = new Stage(slot("speaker"), slot("other", [151, 501, 1501]));
		expect(stage.at(1800, 3000).layers).toEqual([2, 0]);
		stage.demands = [slot("other"), slot("speaker", [151, 501, 1501])];
		expect(stage.at(1800).layers).toEqual([0, 2]);
		stage.demands = [slot("other"), { ...slot("speaker"), source: "somebody else" }];
		expect(stage.at(1800).layers).toEqual([0, 2]);
		stage.demands = [slot("other"), { ...slot("speaker"), source: "somebody else", maxLayer: 0 }];
		expect(stage.at(1800).layers).toEqual([0, 0]);
		expect(stage.at(1800, 1500).layers).toEqual([1, 0]);
	});

	test("does not follow a bitrate that jumps for a moment", () => {
		const stage = new Stage(slot("speaker"));
		stage.at(1600, 5000);
		const ordinary = stage.demands;
		stage.demands = [{ ...slot("speaker", [150, 500, 1700]), source: ordinary[0]?.source }];
		expect(stage.at(1600, 500).layers).toEqual([2]);
		expect(stage.at(1600, 8000).layers).toEqual([1]);
	});

	test("never takes more than there is, and everybody is seen before anybody is seen better", () => {
		const demand = fc.record({
			source: fc.integer({ min: 0, max: 2 }),
			priority: fc.constantFrom<SlotPriority>("screen", "speaker", "other"),
			layers: fc.array(fc.record({ bitrate: fc.integer({ min: 0, max: 4_000_000 }), active: fc.boolean() }), {
				maxLength: 3,
			}),
			maxLayer: fc.integer({ min: -1, max: 2 }),
		});
		fc.assert(
			fc.property(
				fc.array(fc.tuple(fc.nat(8_000_000), fc.array(demand, { maxLength: 6 })), { maxLength: 20 }),
				(steps) => {
					const allocator = new LayerAllocator();
					let nowMs = 0;
					for (const [estimateBps, demands] of steps) {
						nowMs += 700;
						const { layers, bitrateBps, wantedBps } = allocator.allocate(estimateBps, AUDIO_BPS, demands, nowMs);
						expect(layers).toHaveLength(demands.length);
						expect(bitrateBps).toBeLessThanOrEqual(Math.max(AUDIO_BPS, estimateBps) + 1e-3);
						expect(wantedBps).toBeGreaterThanOrEqual(0);
						layers.forEach((layer, index) => {
							expect(layer).toBeLessThanOrEqual(demands[index]?.maxLayer ?? PAUSED);
							if (layer !== PAUSED) expect(demands[index]?.layers[layer]?.active).toBe(true);
						});
					}
				},
			),
			{ numRuns: 300 },
		);
		const chosen = choose(900, [slot("other"), slot("other"), slot("screen")]);
		expect(totalBitrate([slot("other"), slot("other"), slot("screen")], chosen)).toBe(800_000);
	});
});

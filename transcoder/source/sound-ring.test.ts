import { describe, expect, it } from "vitest";
import { largestStep } from "../test-support/sounds.ts";
import { CAPACITY, SoundRing } from "./sound-ring.ts";

/** Sample positions are about 1.8e12 ms x 48 in truth. */
const NOW = 86_400_000_000_000;
const TICK = 1600;

function constant(samples: number, value = 0.5): Float32Array {
	return new Float32Array(samples * 2).fill(value);
}

function read(ring: SoundRing, position: number, samples = TICK): Float32Array {
	const mix = new Float32Array(samples * 2);
	ring.addTo(mix, position);
	return mix;
}

/** A ring that was read up to NOW. */
function createRing(): SoundRing {
	const ring = new SoundRing();
	read(ring, NOW - TICK);
	return ring;
}

describe("sound ring", () => {
	it("gives samples back at their place, and once", () => {
		const ring = createRing();
		expect(ring.write(NOW + 100, constant(960))).toBe(0);
		expect(ring.write(NOW + 1060, constant(960))).toBe(0);
		const first = read(ring, NOW);
		expect(first.findIndex((sample) => sample !== 0)).toBe(200);
		expect(first[2 * 1500]).toBe(0.5);
		expect(first[2 * 1060]).toBe(0.5); // no fade where packets meet
		const second = read(ring, NOW + TICK);
		expect(second[2 * 419]).toBe(0.5);
		expect(second[2 * 420]).toBe(0);
		expect(read(ring, NOW + CAPACITY).every((sample) => sample === 0)).toBe(true);
	});

	it("adds to what is in the mix", () => {
		const ring = createRing();
		ring.write(NOW, constant(960));
		const mix = new Float32Array(TICK * 2).fill(0.25);
		ring.addTo(mix, NOW);
		expect(mix[2 * 500]).toBe(0.75);
		expect(mix[2 * 1000]).toBe(0.25);
	});

	it("fades on both sides of a hole", () => {
		const ring = createRing();
		ring.write(NOW, constant(1200));
		ring.write(NOW + 1600, constant(1200));
		const mix = read(ring, NOW, 2800);
		expect(largestStep(mix)).toBeLessThan(0.0011);
		expect(mix[2 * 600]).toBe(0.5);
		expect(mix[2 * 1400]).toBe(0);
		expect(mix[2 * 2600]).toBe(0.5);
	});

	it("fades from what was there to what takes its place", () => {
		const ring = createRing();
		ring.write(NOW, constant(2400));
		ring.write(NOW + 960, constant(960, -0.5));
		ring.write(NOW + 1920, constant(960, -0.5));
		const mix = read(ring, NOW, 2400);
		expect(largestStep(mix)).toBeLessThan(0.0022);
		expect(mix[2 * 950]).toBe(0.5);
		expect(mix[2 * 1500]).toBe(-0.5);
		expect(mix[2 * 2300]).toBe(-0.5);
	});

	it("fades out its end, read or not", () => {
		const ring = createRing();
		ring.write(NOW, constant(960));
		ring.fadeOut();
		expect(read(ring, NOW, 960)[2 * 959]).toBeLessThan(0.0011);
		ring.write(NOW + 960, constant(960));
		const before = read(ring, NOW + 960, 800);
		ring.fadeOut();
		const after = read(ring, NOW + 1760, 160);
		expect(before[2 * 799]).toBe(0.5);
		expect(after[0]).toBeGreaterThan(0.49);
		expect(after[2 * 159]).toBeLessThan(0.005);
	});

	it("says how much came too late, and keeps the rest", () => {
		const ring = createRing();
		expect(ring.write(NOW - 960, constant(960))).toBe(960);
		expect(ring.write(NOW - 60, constant(960))).toBe(60);
		expect(read(ring, NOW)[2 * 500]).toBe(0.5);
	});

	it("takes nothing farther ahead than it holds", () => {
		const ring = createRing();
		expect(ring.write(NOW + 2 * CAPACITY, constant(960))).toBe(960);
		expect(ring.write(NOW + CAPACITY - 100, constant(960))).toBe(860);
	});

	it("forgets what a reader skipped", () => {
		const ring = createRing();
		ring.write(NOW, constant(9600));
		expect(read(ring, NOW + 9600).every((sample) => sample === 0)).toBe(true);
		expect(read(ring, NOW + CAPACITY).every((sample) => sample === 0)).toBe(true);
		ring.write(NOW + CAPACITY + 4464, constant(960));
		expect(read(ring, NOW + 11 * CAPACITY + 4464).every((sample) => sample === 0)).toBe(true);
	});
});

import { describe, expect, it } from "vitest";
import { tone } from "../test-support/sounds.ts";
import { SoundResampler } from "./sound-resampler.ts";

const PACKET = 960;
/** The first results come before any sound. */
const SETTLED = 100;

/** Through a resampler in packets of 20 ms, at a pace that may change with each. */
function resampled(samples: Float32Array, stepOf: (packet: number) => number): Float32Array {
	const resampler = new SoundResampler();
	const parts: Float32Array[] = [];
	for (let at = 0; at < samples.length; at += PACKET * 2) {
		parts.push(resampler.push(samples.subarray(at, at + PACKET * 2), stepOf(at / PACKET / 2)));
	}
	const output = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
	let end = 0;
	for (const part of parts) {
		output.set(part, end);
		end += part.length;
	}
	return output;
}

/** In dB below the tone: what is left of the left side when the best sine of that frequency is taken away. */
function residualDb(samples: Float32Array, hz: number): number {
	const left = Float64Array.from(samples.filter((_, i) => i % 2 === 0).subarray(SETTLED, SETTLED + 24_000));
	const at = (i: number) => (2 * Math.PI * hz * i) / 48_000;
	// Least squares for a sine and a cosine.
	let [ss, sc, cc, xs, xc] = [0, 0, 0, 0, 0];
	for (const [i, x] of left.entries()) {
		const [s, c] = [Math.sin(at(i)), Math.cos(at(i))];
		ss += s * s;
		sc += s * c;
		cc += c * c;
		xs += x * s;
		xc += x * c;
	}
	const determinant = ss * cc - sc * sc;
	const a = (xs * cc - xc * sc) / determinant;
	const b = (xc * ss - xs * sc) / determinant;
	let rest = 0;
	let energy = 0;
	for (const [i, x] of left.entries()) {
		rest += (x - a * Math.sin(at(i)) - b * Math.cos(at(i))) ** 2;
		energy += x * x;
	}
	return 10 * Math.log10(rest / energy);
}

describe("sound resampler", () => {
	it("gives back what it gets at a step of 1, 8 samples later", () => {
		const input = tone(1000, 0.5, 0.2);
		const output = resampled(input, () => 1);
		expect(input.length - output.length).toBeLessThanOrEqual(16 + 2);
		for (let i = 0; i < output.length; i++) expect(output[i]).toBeCloseTo(input[i] as number, 6);
	});

	it.each([1000, 10_000, 15_000])("leaves %d Hz pure at any pace", (hz) => {
		for (const step of [1.0003, 0.9997, 1.005, 0.995]) {
			const output = resampled(tone(hz, 0.5, 0.8), () => step);
			expect(residualDb(output, hz * step)).toBeLessThan(-65);
			expect(output.length).toBeCloseTo((0.8 * 48_000 * 2) / step, -2);
		}
	});

	it("has no seam where the pace changes", () => {
		const output = resampled(tone(1000, 0.5, 1), (packet) => (packet % 2 === 0 ? 1.0005 : 0.9995));
		let worst = 0;
		for (let i = 2 * SETTLED; i < output.length - 2; i += 2) {
			const [before, here, after] = [output[i - 2], output[i], output[i + 2]] as [number, number, number];
			// A sine's second difference is its value times a constant.
			worst = Math.max(
				worst,
				Math.abs(before - 2 * here + after + here * (2 * Math.sin((Math.PI * 1000) / 48_000)) ** 2),
			);
		}
		expect(worst).toBeLessThan(0.0005);
	});

	it("begins between two samples where it is told so", () => {
		const resampler = new SoundResampler();
		resampler.restart(0.5);
		const output = resampler.push(tone(1000, 0.5, 0.02), 1);
		for (let i = SETTLED; i < output.length / 2; i++) {
			expect(output[i * 2]).toBeCloseTo(0.5 * Math.sin((2 * Math.PI * 1000 * (i + 0.5)) / 48_000), 4);
		}
	});

	it("keeps up with 16 people in a tenth of a core", () => {
		const resampler = new SoundResampler();
		const packet = tone(1000, 0.5, 0.02);
		for (let i = 0; i < 200; i++) resampler.push(packet, 1.0003);
		const before = process.cpuUsage().user;
		for (let i = 0; i < 800; i++) resampler.push(packet, 1.0003); // one second of 16 people
		const ms = (process.cpuUsage().user - before) / 1000;
		expect(ms).toBeLessThan(100);
	});
});

import { expect, test } from "vitest";
import { toneShare } from "../../test/support/measure-sound.ts";
import { programmeFormat } from "../programme-format.ts";
import { OpusDecoder } from "../source/opus-decoder.ts";
import { OpusEncoder } from "./opus-encoder.ts";

const TONE_HZ = 440;
const START_MS = 1_800_000_000_000;

function tick(number: number): Float32Array {
	const { samplesPerTick, sampleRate } = programmeFormat;
	return Float32Array.from({ length: 2 * samplesPerTick }, (_, at) => {
		const seconds = (number * samplesPerTick + Math.floor(at / 2)) / sampleRate;
		// The right channel is silent.
		return at % 2 === 0 ? 0.5 * Math.sin(2 * Math.PI * TONE_HZ * seconds) : 0;
	});
}

test("ticks become packets of 20 ms, each with the time of its first sample, that sound as what was ticked", async () => {
	const encoder = new OpusEncoder();
	const packets: { payload: Buffer; captureMs: number }[] = [];
	for (let number = 0; number < 60; number++)
		packets.push(...encoder.push(tick(number), START_MS + (number * 1000) / programmeFormat.frameRate));
	encoder.close();
	expect(packets).toHaveLength(100);
	packets.forEach(({ captureMs }, at) => {
		expect(captureMs).toBeCloseTo(START_MS + 20 * at, 2);
	});
	const decoder = await OpusDecoder.open();
	const sound = packets.map(({ payload }) => decoder.decode(payload));
	decoder.close();
	const channel = (index: number) =>
		Float32Array.from(sound.flatMap((samples) => [...(samples ?? [])].filter((_, at) => at % 2 === index)));
	expect(channel(0)).toHaveLength(96_000);
	const left = channel(0).subarray(4800);
	expect(toneShare({ startS: 0, samples: left }, TONE_HZ)).toBeGreaterThan(0.95);
	const level = (samples: Float32Array) => Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);
	expect(level(left)).toBeCloseTo(0.5 / Math.SQRT2, 1);
	expect(level(channel(1).subarray(4800))).toBeLessThan(0.01);
});

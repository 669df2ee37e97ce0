import { describe, expect, it } from "vitest";
import { OpusDecoder } from "./opus-decoder.ts";
import { opusPacketSamples } from "./opus-packet.ts";

const of = (...bytes: number[]) => opusPacketSamples(Uint8Array.from(bytes));
const toc = (config: number, code: number) => (config << 3) | code;

describe("opus packet", () => {
	it("knows the samples of every configuration", () => {
		const ms = Array.from({ length: 32 }, (_, config) => (of(toc(config, 0), 1, 2) ?? 0) / 48);
		const silk = [10, 20, 40, 60];
		const celt = [2.5, 5, 10, 20];
		expect(ms).toEqual([...silk, ...silk, ...silk, 10, 20, 10, 20, ...celt, ...celt, ...celt, ...celt]);
	});

	it("counts frames of equal and of unequal length", () => {
		expect(of(toc(31, 1), 1, 2)).toBe(1920);
		expect(of(toc(31, 2), 1, 7, 8, 9)).toBe(1920);
		expect(of(toc(31, 3), 3, 1, 2, 3)).toBe(2880);
		expect(of(toc(31, 3), 0x83, 1, 2, 7, 8, 9, 9)).toBe(2880);
		expect(of(toc(31, 3), 0x42, 2, 7, 8, 0, 0)).toBe(1920);
	});

	it("refuses what breaks the rules", () => {
		expect(of()).toBeUndefined();
		expect(opusPacketSamples(new Uint8Array(1277))).toBeUndefined(); // a frame too long
		expect(of(toc(31, 1), 1)).toBeUndefined(); // two equal frames of one byte
		expect(of(toc(31, 2), 9, 1)).toBeUndefined(); // a first frame past the end
		expect(of(toc(31, 2), 253)).toBeUndefined(); // half a length
		expect(of(toc(31, 3))).toBeUndefined(); // no count
		expect(of(toc(31, 3), 0)).toBeUndefined(); // no frames
		expect(of(toc(3, 3), 3, 1, 2, 3)).toBeUndefined(); // 180 ms
		expect(of(toc(31, 3), 2, 1, 2, 3)).toBeUndefined(); // three bytes in two frames
		expect(of(toc(31, 3), 0x41, 9)).toBeUndefined(); // more padding than packet
		expect(of(toc(31, 3), 0x41, 255)).toBeUndefined(); // endless padding
		expect(of(toc(31, 3), 0x83, 9, 9, 1)).toBeUndefined(); // frames past the end
	});

	it("agrees with libopus about random packets", async () => {
		const decoder = await OpusDecoder.open();
		let seed = 7;
		const random = () => {
			seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
			return seed >> 16;
		};
		let valid = 0;
		for (let round = 0; round < 3000; round++) {
			const packet = Buffer.from(Array.from({ length: 1 + (random() % 60) }, random));
			const samples = opusPacketSamples(packet);
			const decoded = decoder.decode(packet);
			expect(decoded === undefined ? undefined : decoded.length / 2, packet.toString("hex")).toBe(samples);
			if (samples !== undefined) valid++;
		}
		decoder.close();
		expect(valid).toBeGreaterThan(500);
	});
});

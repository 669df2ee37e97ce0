import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { AdtsReader } from "./adts-reader.ts";
import { FlvReader } from "./flv-reader.ts";
import { wavHeader } from "./wav-header.ts";

function ffmpeg(args: string, input?: Buffer): Buffer {
	return execFileSync("ffmpeg", ["-v", "error", ...args.split(" ")], { ...(input && { input }), maxBuffer: 2 ** 28 });
}

/** Reads `stream` in pieces of `size` bytes. Copies, since items share memory with the pieces. */
function readAll<T extends object>(reader: { push(chunk: Buffer): Generator<T> }, stream: Buffer, size: number): T[] {
	const items: T[] = [];
	for (let at = 0; at < stream.length; at += size) {
		for (const item of reader.push(Buffer.from(stream.subarray(at, at + size)))) items.push(item);
	}
	return items;
}

describe("FLV", () => {
	const source = "-f lavfi -i testsrc2=s=160x90:r=30 -frames:v 70";
	const stream = ffmpeg(`${source} -c:v libx264 -tune zerolatency -g 60 -keyint_min 60 -sc_threshold 0 -f flv pipe:1`);

	it.each([1, 1000, stream.length])(
		"gives the configuration, then every frame with its time (pieces of %i)",
		(size) => {
			const items = readAll(new FlvReader(), stream, size);
			const [configuration, ...frames] = items;
			expect(configuration && "avcC" in configuration && configuration.avcC[0]).toBe(1);
			expect(frames).toHaveLength(70);
			for (const [index, frame] of frames.entries()) {
				if (!("data" in frame)) throw new Error("a second configuration");
				expect(frame.timestampMs).toBe(Math.round((index * 1000) / 30));
				expect(frame.keyframe).toBe(index % 60 === 0);
				let at = 0;
				while (at < frame.data.length) at += 4 + frame.data.readUInt32BE(at);
				expect(at).toBe(frame.data.length);
			}
		},
	);

	it("refuses what is none", () => {
		expect(() => readAll(new FlvReader(), Buffer.alloc(100), 100)).toThrow("no FLV header");
	});
});

describe("ADTS", () => {
	const stream = ffmpeg("-f lavfi -i sine=r=48000 -t 1 -ac 2 -c:a aac -f adts pipe:1");

	it.each([1, 100, stream.length])("gives every access unit without its header (pieces of %i)", (size) => {
		const units = readAll(new AdtsReader(), stream, size);
		expect(units.length).toBe(48); // 48000 samples, and the encoder's delay of 1024
		for (const { audioSpecificConfig } of units) expect(audioSpecificConfig.toString("hex")).toBe("1190");
		const bytes = units.reduce((sum, { data }) => sum + data.length, 0);
		expect(bytes).toBe(stream.length - units.length * 7);
	});

	it("refuses what is none", () => {
		expect(() => readAll(new AdtsReader(), Buffer.alloc(100), 100)).toThrow("no ADTS header");
	});
});

describe("WAV", () => {
	it("is taken by ffmpeg for endless floats", () => {
		const samples = Float32Array.from({ length: 9600 }, (_, index) => Math.sin(index / 10));
		const stream = Buffer.concat([wavHeader({ sampleRate: 48_000, channels: 2 }), Buffer.from(samples.buffer)]);
		const back = ffmpeg("-f wav -ignore_length 1 -i pipe:0 -f f32le pipe:1", stream);
		expect(back.equals(Buffer.from(samples.buffer))).toBe(true);
	});
});

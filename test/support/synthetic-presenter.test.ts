import { expect, test } from "vitest";
import { eventually } from "./deadline.ts";
import { avOffsetMs } from "./measure-av-offset.ts";
import { beepTimes } from "./measure-sound.ts";
import { startSyntheticPresenter } from "./synthetic-presenter.ts";
import { startWhipReceiver } from "./whip-receiver.ts";

const SAMPLES = 480;

test("a synthetic presenter flashes and beeps at one moment, and leaves", async () => {
	const receiver = await startWhipReceiver();
	const flashes: number[] = [];
	const chunks: { samples: Int16Array; atMs: number }[] = [];
	let before = true;
	let plain: number[] = [];
	receiver.onFrame = ({ width, height, data }, atMs) => {
		const middle = (height / 2) * width + width / 2;
		const white = (data[middle] ?? 0) > 200;
		if (white && !before) flashes.push(atMs / 1000);
		before = white;
		const chroma = (height / 4) * (width / 2) + width / 4;
		if (!white)
			plain = [data[middle] ?? 0, data[width * height + chroma] ?? 0, data[width * height * 1.25 + chroma] ?? 0];
	};
	receiver.onSound = (samples, _sampleRate, atMs) => chunks.push({ samples: Int16Array.from(samples), atMs });
	const presenter = await startSyntheticPresenter({
		endpoint: receiver.endpoint,
		token: "secret",
		colour: [200, 40, 40],
		toneHz: 1000,
		flashAndBeep: true,
	});
	try {
		await eventually(
			() => flashes.length >= 5,
			20_000,
			() => `${flashes.length} flashes`,
		);
		expect(receiver.authorizations).toEqual(["Bearer secret"]);
		expect(plain[0]).toBeCloseTo(91, -1);
		expect(plain[1]).toBeCloseTo(104, -1);
		expect(plain[2]).toBeCloseTo(198, -1);

		const samples = new Float32Array(chunks.length * SAMPLES);
		for (const [index, chunk] of chunks.entries())
			samples.set(
				Float32Array.from(chunk.samples, (v) => v / 32768),
				index * SAMPLES,
			);
		const startS = (chunks.at(-1)?.atMs ?? 0) / 1000 - samples.length / 48_000;
		const offset = avOffsetMs(flashes, beepTimes({ startS, samples }, 1000));
		// libwebrtc's own playout delays of the two, which it brings into line only over many seconds.
		expect(Math.abs(offset)).toBeLessThan(120);
	} finally {
		await presenter.close();
		await receiver.close();
	}
	expect(receiver.deleted).toBe(1);
});

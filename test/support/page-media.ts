import type { Locator } from "playwright-core";
import type { Rgb } from "./solid-picture.ts";

// These functions run in the page. The tests' type check knows no DOM, so their elements are untyped in here and nowhere else.

/** Mean colour around a point of what a `<video>` shows now; x and y are shares of its picture. Black before the first frame. */
export async function videoColour(video: Locator, at: { x: number; y: number }): Promise<Rgb> {
	const [r = 0, g = 0, b = 0] = await video.evaluate((element, { x, y }) => {
		const size = 16;
		const canvas = element.ownerDocument.createElement("canvas");
		canvas.width = size;
		canvas.height = size;
		const context = canvas.getContext("2d");
		const { videoWidth, videoHeight } = element;
		context.drawImage(element, videoWidth * x - size, videoHeight * y - size, 2 * size, 2 * size, 0, 0, size, size);
		const { data } = context.getImageData(0, 0, size, size);
		const sum: [number, number, number] = [0, 0, 0];
		for (let i = 0; i < data.length; i += 4) for (const c of [0, 1, 2] as const) sum[c] += data[i + c];
		return sum.map((value) => value / (size * size));
	}, at);
	return [r, g, b];
}

/** The number a `<video>` shows in that many vertical bars, the lowest bit on the left: white for one. */
export function numberInBars(video: Locator, bits: number): Promise<number> {
	return video.evaluate((element, count) => {
		const canvas = element.ownerDocument.createElement("canvas");
		canvas.width = count;
		canvas.height = 1;
		const context = canvas.getContext("2d");
		const { videoWidth, videoHeight } = element;
		const barWidth = videoWidth / count;
		for (let bit = 0; bit < count; bit++) {
			const x = (bit + 0.5) * barWidth;
			context.drawImage(element, x - 1, videoHeight / 2, 2, 2, bit, 0, 1, 1);
		}
		const { data } = context.getImageData(0, 0, count, 1);
		let number = 0;
		for (let bit = 0; bit < count; bit++) if (data[4 * bit] > 127) number += 2 ** bit;
		return number;
	}, bits);
}

/** Frames that a `<video>` has decoded so far. */
export function framesDecoded(video: Locator): Promise<number> {
	return video.evaluate((element) => element.getVideoPlaybackQuality().totalVideoFrames);
}

/** Share of the energy around a tone in what the stream of a `<video>` sounds like for two seconds; 0 to 1. */
export function streamToneShare(video: Locator, toneHz: number): Promise<number> {
	return video.evaluate(async (element, hz) => {
		const view = element.ownerDocument.defaultView;
		const context = new view.AudioContext();
		const analyser = context.createAnalyser();
		analyser.fftSize = 4096;
		analyser.smoothingTimeConstant = 0;
		context.createMediaStreamSource(element.srcObject).connect(analyser);
		const decibels = new Float32Array(analyser.frequencyBinCount);
		const binHz = context.sampleRate / analyser.fftSize;
		let tone = 0;
		let total = 0;
		for (let round = 0; round < 20; round++) {
			await new Promise((resolve) => view.setTimeout(resolve, 100));
			analyser.getFloatFrequencyData(decibels);
			for (const [bin, level] of decibels.entries()) {
				const power = 10 ** (level / 10);
				total += power;
				if (Math.abs(bin * binHz - hz) < 3 * binHz) tone += power;
			}
		}
		await context.close();
		return total === 0 ? 0 : tone / total;
	}, toneHz);
}

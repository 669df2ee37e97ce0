import type { I420Picture } from "../../deploy/demo/webrtc.ts";

/** 0 to 255 each. */
export type Rgb = readonly [number, number, number];

/** One colour all over, BT.601 limited range, which is what browsers take a camera's I420 for. */
export function solidPicture(width: number, height: number, colour: Rgb): I420Picture {
	const [y, u, v] = yuv(colour);
	const luma = width * height;
	const data = new Uint8ClampedArray((luma * 3) / 2);
	data.fill(y, 0, luma);
	data.fill(u, luma, luma * 1.25);
	data.fill(v, luma * 1.25);
	return { width, height, data };
}

function yuv([r, g, b]: Rgb): [number, number, number] {
	return [
		16 + 0.257 * r + 0.504 * g + 0.098 * b,
		128 - 0.148 * r - 0.291 * g + 0.439 * b,
		128 + 0.439 * r - 0.368 * g - 0.071 * b,
	];
}

/** Largest difference of a channel. */
export function colourDistance(a: Rgb, b: Rgb): number {
	return Math.max(Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1]), Math.abs(a[2] - b[2]));
}

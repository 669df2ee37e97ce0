import type { Size } from "../programme-format.ts";
import { createI420, type I420, type Overlay } from "./i420.ts";

// ITU-R BT.709, R'G'B' of 0 to 255 to limited range, in 65536ths.
const HALF = 1 << 15;
const lumaOf = (r: number, g: number, b: number) => (11966 * r + 40254 * g + 4064 * b + HALF + (16 << 16)) >> 16;
const cbOf = (r: number, g: number, b: number) => (-6596 * r - 22189 * g + 28785 * b + HALF + (128 << 16)) >> 16;
const crOf = (r: number, g: number, b: number) => (28784 * r - 26145 * g - 2639 * b + HALF + (128 << 16)) >> 16;

/** Of opaque pixels, four bytes each: red, green, blue, and one that is not read. Width and height even. */
export function imageOf(rgba: Uint8Array | Uint8ClampedArray, { width, height }: Size): I420 {
	const image = createI420(width, height);
	const [luma, cb, cr] = image.planes;
	const pixels = new Uint32Array(rgba.buffer, rgba.byteOffset, width * height);
	let even = -1;
	let y = 0;
	let u = 0;
	let v = 0;
	for (let top = 0, chroma = 0; top < height; top += 2) {
		const end = (top + 1) * width;
		for (let at = top * width; at < end; at += 2, chroma++) {
			const below = at + width;
			const pixel = pixels[at] as number;
			// Most of a card is one colour.
			if (pixel === pixels[at + 1] && pixel === pixels[below] && pixel === pixels[below + 1]) {
				if (pixel !== even) {
					const red = rgba[at * 4] as number;
					const green = rgba[at * 4 + 1] as number;
					const blue = rgba[at * 4 + 2] as number;
					even = pixel;
					y = lumaOf(red, green, blue);
					u = cbOf(red, green, blue);
					v = crOf(red, green, blue);
				}
				luma[at] = y;
				luma[at + 1] = y;
				luma[below] = y;
				luma[below + 1] = y;
				cb[chroma] = u;
				cr[chroma] = v;
				continue;
			}
			let reds = 0;
			let greens = 0;
			let blues = 0;
			for (let corner = 0; corner < 4; corner++) {
				const one = (corner < 2 ? at : below) + (corner & 1);
				const red = rgba[one * 4] as number;
				const green = rgba[one * 4 + 1] as number;
				const blue = rgba[one * 4 + 2] as number;
				luma[one] = lumaOf(red, green, blue);
				reds += red;
				greens += green;
				blues += blue;
			}
			cb[chroma] = cbOf(reds / 4, greens / 4, blues / 4);
			cr[chroma] = crOf(reds / 4, greens / 4, blues / 4);
		}
	}
	return image;
}

/**
 * Of pixels with coverage as the fourth byte. Width and height even. What is more covered counts for more in the colour that
 * four pixels share, so that edges keep theirs.
 */
export function overlayOf(rgba: Uint8ClampedArray, { width, height }: Size): Overlay {
	const image = createI420(width, height);
	const [luma, cb, cr] = image.planes;
	const lumaAlpha = new Uint8Array(width * height);
	const chromaAlpha = new Uint8Array(lumaAlpha.length / 4);
	for (let y = 0, chroma = 0; y < height; y += 2) {
		for (let x = 0; x < width; x += 2, chroma++) {
			let reds = 0;
			let greens = 0;
			let blues = 0;
			let alphas = 0;
			for (let corner = 0; corner < 4; corner++) {
				const pixel = (y + (corner >> 1)) * width + x + (corner & 1);
				const at = pixel * 4;
				const red = rgba[at] as number;
				const green = rgba[at + 1] as number;
				const blue = rgba[at + 2] as number;
				const alpha = rgba[at + 3] as number;
				luma[pixel] = lumaOf(red, green, blue);
				lumaAlpha[pixel] = alpha;
				reds += red * alpha;
				greens += green * alpha;
				blues += blue * alpha;
				alphas += alpha;
			}
			chromaAlpha[chroma] = (alphas + 2) >> 2;
			const divisor = alphas || 1;
			cb[chroma] = cbOf(reds / divisor, greens / divisor, blues / divisor);
			cr[chroma] = crOf(reds / divisor, greens / divisor, blues / divisor);
		}
	}
	return { image, lumaAlpha, chromaAlpha };
}

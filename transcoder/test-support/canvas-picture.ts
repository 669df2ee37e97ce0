import type { Rgb } from "../../test/support/solid-picture.ts";
import { pictureBytes, type Size } from "../programme-format.ts";

/** One picture of a programme as it was coded, to look at single pixels. */
export class CanvasPicture {
	readonly #i420: Buffer;
	readonly #size: Size;

	/** @throws Error when there is not exactly one picture of that size in `i420` */
	constructor(i420: Buffer, size: Size) {
		if (i420.length !== pictureBytes(size)) throw new Error(`${i420.length} bytes are no picture`);
		this.#i420 = i420;
		this.#size = size;
	}

	/** Of BT.709 in limited range; what lies off the canvas has none. */
	rgb(x: number, y: number): Rgb | undefined {
		const { width, height } = this.#size;
		if (x < 0 || y < 0 || x >= width || y >= height) return undefined;
		const chroma = width * height + (y >> 1) * (width / 2) + (x >> 1);
		const luma = 1.164 * (this.#at(y * width + x) - 16);
		const u = this.#at(chroma) - 128;
		const v = this.#at(chroma + (width * height) / 4) - 128;
		return [luma + 1.793 * v, luma - 0.213 * u - 0.533 * v, luma + 2.112 * u];
	}

	#at(index: number): number {
		return this.#i420[index] ?? 0;
	}
}

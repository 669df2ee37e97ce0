/** Planes Y, U, V; U and V have half the width and height. */
export interface Planes {
	planes: [Uint8Array, Uint8Array, Uint8Array];
	/** Bytes from one row to the next. */
	strides: [number, number, number];
}

export interface I420 extends Planes {
	width: number;
	height: number;
	/** All of it, in one piece. */
	bytes: Uint8Array;
}

/** Width and height even. */
export function createI420(width: number, height: number): I420 {
	const luma = width * height;
	const bytes = new Uint8Array((luma * 3) / 2);
	return {
		width,
		height,
		bytes,
		planes: [bytes.subarray(0, luma), bytes.subarray(luma, luma * 1.25), bytes.subarray(luma * 1.25)],
		strides: [width, width / 2, width / 2],
	};
}

/** Y, U, V of BT.709 in limited range. */
export type Colour = readonly [number, number, number];

export function fillRect(
	image: Planes,
	{ x, y, width, height }: { x: number; y: number; width: number; height: number },
	colour: Colour,
): void {
	for (const plane of [0, 1, 2] as const) {
		const shift = plane === 0 ? 0 : 1;
		for (let row = y >> shift; row < (y + height) >> shift; row++) {
			const start = row * image.strides[plane] + (x >> shift);
			image.planes[plane].fill(colour[plane], start, start + (width >> shift));
		}
	}
}

/** Copies `width` x `height` pixels. All numbers even, all within both images. */
export function copyRect(
	from: Planes,
	fromX: number,
	fromY: number,
	to: Planes,
	{ x, y, width, height }: { x: number; y: number; width: number; height: number },
): void {
	for (const plane of [0, 1, 2] as const) {
		const shift = plane === 0 ? 0 : 1;
		const source = from.planes[plane];
		const target = to.planes[plane];
		const bytes = width >> shift;
		let read = (fromY >> shift) * from.strides[plane] + (fromX >> shift);
		let write = (y >> shift) * to.strides[plane] + (x >> shift);
		for (let row = 0; row < height >> shift; row++) {
			target.set(source.subarray(read, read + bytes), write);
			read += from.strides[plane];
			write += to.strides[plane];
		}
	}
}

/** An image with coverage: 0 lets what is below through, 255 hides it. Planes as in I420; so is the coverage of chroma. */
export interface Overlay {
	image: I420;
	lumaAlpha: Uint8Array;
	chromaAlpha: Uint8Array;
}

/** Lays `overlay` over `to` with its top left corner at x, y (even, and all of it within). */
export function blend({ image, lumaAlpha, chromaAlpha }: Overlay, to: Planes, x: number, y: number): void {
	for (const plane of [0, 1, 2] as const) {
		const shift = plane === 0 ? 0 : 1;
		const alpha = plane === 0 ? lumaAlpha : chromaAlpha;
		const source = image.planes[plane];
		const target = to.planes[plane];
		const width = image.width >> shift;
		for (let row = 0; row < image.height >> shift; row++) {
			const write = ((y >> shift) + row) * to.strides[plane] + (x >> shift);
			for (let column = 0; column < width; column++) {
				const a = alpha[row * width + column] ?? 0;
				if (a === 0) continue;
				const below = target[write + column] ?? 0;
				target[write + column] = below + (((source[row * width + column] ?? 0) - below) * a + 127) / 255;
			}
		}
	}
}

/** Planes Y, U, V; U and V have half the width and height. */
export interface Planes {
	/** Buffers: they copy rows without making an object for each. */
	planes: [Buffer, Buffer, Buffer];
	/** Bytes from one row to the next. */
	strides: [number, number, number];
}

export interface I420 extends Planes {
	width: number;
	height: number;
	/** All of it, in one piece. */
	bytes: Buffer;
}

/** Width and height even. */
export function createI420(width: number, height: number): I420 {
	const luma = width * height;
	const bytes = Buffer.alloc((luma * 3) / 2);
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
			source.copy(target, write, read, read + bytes);
			read += from.strides[plane];
			write += to.strides[plane];
		}
	}
}

/** 0 lets what is below through, 255 hides it; one byte a pixel, row after row. Chroma's has half the width and height. */
export interface Coverage {
	width: number;
	lumaAlpha: Uint8Array;
	chromaAlpha: Uint8Array;
}

/** An image with coverage of its size. Planes as in I420; so is the coverage of chroma. */
export interface Overlay {
	image: I420;
	lumaAlpha: Uint8Array;
	chromaAlpha: Uint8Array;
}

/** Lays `overlay` over `to` with its top left corner at x, y (even, and all of it within). */
export function blend(overlay: Overlay, to: Planes, x: number, y: number): void {
	const { width, height } = overlay.image;
	const from = { planes: overlay.image, x: 0, y: 0 };
	blendRect(from, { coverage: coverageOf(overlay), x: 0, y: 0 }, to, { x, y, width, height }, 1);
}

export function coverageOf({ image: { width }, lumaAlpha, chromaAlpha }: Overlay): Coverage {
	return { width, lumaAlpha, chromaAlpha };
}

/**
 * Lays what `from` has from its x, y on over the `area` of `to`, covered as `cover` has it from its x, y on; all of it
 * without. `opacity`: 0 to 1. All numbers even, all within the images.
 */
export function blendRect(
	from: { planes: Planes; x: number; y: number },
	cover: { coverage: Coverage; x: number; y: number } | undefined,
	to: Planes,
	area: Area,
	opacity: number,
): void {
	const strength = Math.round(opacity * FULL);
	for (const plane of [0, 1, 2] as const) {
		const shift = plane === 0 ? 0 : 1;
		const { planes, strides } = from.planes;
		const alpha = plane === 0 ? cover?.coverage.lumaAlpha : cover?.coverage.chromaAlpha;
		const alphaStride = (cover?.coverage.width ?? 0) >> shift;
		for (let row = 0; row < area.height >> shift; row++) {
			const read = ((from.y >> shift) + row) * strides[plane] + (from.x >> shift);
			const covered = cover ? ((cover.y >> shift) + row) * alphaStride + (cover.x >> shift) : 0;
			const write = ((area.y >> shift) + row) * to.strides[plane] + (area.x >> shift);
			const width = area.width >> shift;
			blendRow(planes[plane], read, alpha, covered, to.planes[plane], write, width, strength);
		}
	}
}

/** Lays one colour over `to`, covered as `coverage` (of the rectangle's size) says. */
export function blendColour(
	colour: Colour,
	coverage: Coverage,
	to: Planes,
	{ x, y, width, height }: Area,
	opacity: number,
): void {
	const strength = Math.round(opacity * FULL);
	for (const plane of [0, 1, 2] as const) {
		const shift = plane === 0 ? 0 : 1;
		const alpha = plane === 0 ? coverage.lumaAlpha : coverage.chromaAlpha;
		const ink = new Uint8Array(width >> shift).fill(colour[plane]);
		for (let row = 0; row < height >> shift; row++) {
			const write = ((y >> shift) + row) * to.strides[plane] + (x >> shift);
			blendRow(ink, 0, alpha, row * (width >> shift), to.planes[plane], write, width >> shift, strength);
		}
	}
}

type Area = { x: number; y: number; width: number; height: number };

/** With coverage 255 it makes a weight of 65535 of 65536: differences of bytes come out whole. */
const FULL = 257;

function blendRow(
	source: Uint8Array,
	read: number,
	alpha: Uint8Array | undefined,
	cover: number,
	target: Uint8Array,
	write: number,
	count: number,
	strength: number,
): void {
	for (let i = 0; i < count; i++) {
		const weight = (alpha ? (alpha[cover + i] ?? 0) : 255) * strength;
		if (weight === 0) continue;
		const below = target[write + i] ?? 0;
		target[write + i] = below + ((((source[read + i] ?? 0) - below) * weight + 32768) >> 16);
	}
}

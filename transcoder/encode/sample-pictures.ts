import { pictureBytes, type Size } from "../programme-format.ts";

/** Six people in a grid, as cameras send them: still rooms, heads that move a few pixels a picture, noise everywhere. */
const COLUMNS = 3;
const ROWS = 2;
/** Of a head, at most, in pixels either way. */
const SWAY = 16;
/** Luma steps of the noise, either way. */
const NOISE = 3;
const NOISE_BYTES = 65_521;

/** Pictures in I420 that cost an encoder what a real programme does; played to and fro they move on and on. */
export function* samplePictures(size: Size, count: number): Generator<Buffer> {
	const { width, height } = size;
	const room = texture(size, 3);
	const head = texture({ width: width + 2 * SWAY, height: height + 2 * SWAY }, 11);
	const headStride = width + 2 * SWAY;
	const noise = randomNoise();
	for (let index = 0; index < count; index++) {
		const picture = Buffer.alloc(pictureBytes(size), 128);
		for (let y = 0; y < height; y++) {
			const row = y * width;
			let grain = ((index * 7919 + y * 977) * 31) % (NOISE_BYTES - width);
			const dy = Math.round(SWAY * (0.5 + 0.5 * Math.sin(index / 5 + y / height)));
			const dx = Math.round(SWAY * (0.5 + 0.5 * Math.sin(index / 3 + (ROWS * y) / height)));
			for (let x = 0; x < width; x++) {
				const inHead = headAt((x * COLUMNS) / width, (y * ROWS) / height);
				const light = inHead ? head[(y + dy) * headStride + x + dx] : room[row + x];
				picture[row + x] = (light ?? 0) + (noise[grain++] ?? 0);
			}
		}
		const chroma = width * height;
		for (let at = chroma; at < picture.length; at++) picture[at] = 120 + ((room[at - chroma] ?? 0) >> 4);
		yield picture;
	}
}

/** Whether a point of the grid, in tiles, lies within a person's outline. */
function headAt(column: number, row: number): boolean {
	const x = (column % 1) - 0.5;
	const y = (row % 1) - 0.55;
	return x * x * 9 + y * y * 5 < 1;
}

/** Broad light and shade, edges, and fine detail. */
function texture({ width, height }: Size, seed: number): Uint8Array {
	const lights = new Uint8Array(width * height);
	for (let y = 0; y < height; y++) {
		for (let x = 0; x < width; x++) {
			const shade = 40 * Math.sin((x + seed * 37) / 90) * Math.cos(y / 70);
			const edges = (Math.floor(x / 23) + Math.floor(y / 31) + seed) % 5 === 0 ? 18 : 0;
			const detail = ((x * 1103 + y * 12_345 + x * y * seed) >> 3) & 7;
			lights[y * width + x] = 110 + shade + edges + detail;
		}
	}
	return lights;
}

function randomNoise(): Int8Array {
	let state = 12_345;
	return Int8Array.from({ length: NOISE_BYTES }, () => {
		state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
		return ((state >> 16) % (2 * NOISE + 1)) - NOISE;
	});
}

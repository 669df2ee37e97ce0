import { FRAME_HEIGHT, FRAME_WIDTH, type Frame } from "./decode-media.ts";
import { colourDistance, type Rgb } from "./solid-picture.ts";

/** In shares of the picture, 0 to 1. */
export interface Area {
	x: number;
	y: number;
	width: number;
	height: number;
}

export function meanColour({ rgb }: Frame, { x, y, width, height }: Area): Rgb {
	const sum: [number, number, number] = [0, 0, 0];
	const fromX = Math.round(x * FRAME_WIDTH);
	const toX = Math.round((x + width) * FRAME_WIDTH);
	const fromY = Math.round(y * FRAME_HEIGHT);
	const toY = Math.round((y + height) * FRAME_HEIGHT);
	for (let row = fromY; row < toY; row++) {
		for (let column = fromX; column < toX; column++) {
			const at = (row * FRAME_WIDTH + column) * 3;
			for (const channel of [0, 1, 2] as const) sum[channel] += rgb[at + channel] ?? 0;
		}
	}
	const pixels = (toX - fromX) * (toY - fromY);
	return [sum[0] / pixels, sum[1] / pixels, sum[2] / pixels];
}

/** A white flash takes the darkest channel above this; no colour of the tests does. */
const FLASH_LEVEL = 190;

/** When each flash of white in `area` begins. One that the first frame shows is left out, as its beginning is not seen. */
export function flashTimes(frames: Frame[], area: Area): number[] {
	const times: number[] = [];
	let before = true;
	for (const frame of frames) {
		const flashing = Math.min(...meanColour(frame, area)) > FLASH_LEVEL;
		if (flashing && !before) times.push(frame.atS);
		before = flashing;
	}
	return times;
}

/** Lossy coding and colour conversion move a colour by less; the colours of the tests lie farther apart. */
const SAME_COLOUR = 45;

/** Which share of the picture has a colour, and where its middle lies, as shares of the picture. */
export function findColour({ rgb }: Frame, colour: Rgb): { share: number; x: number; y: number } {
	let pixels = 0;
	let sumX = 0;
	let sumY = 0;
	for (let row = 0; row < FRAME_HEIGHT; row++) {
		for (let column = 0; column < FRAME_WIDTH; column++) {
			const at = (row * FRAME_WIDTH + column) * 3;
			const pixel: Rgb = [rgb[at] ?? 0, rgb[at + 1] ?? 0, rgb[at + 2] ?? 0];
			if (colourDistance(pixel, colour) > SAME_COLOUR) continue;
			pixels++;
			sumX += column + 0.5;
			sumY += row + 0.5;
		}
	}
	const share = pixels / (FRAME_WIDTH * FRAME_HEIGHT);
	return { share, x: sumX / pixels / FRAME_WIDTH, y: sumY / pixels / FRAME_HEIGHT };
}

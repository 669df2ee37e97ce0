import { FRAME_HEIGHT, FRAME_WIDTH, type Frame } from "./decode-media.ts";
import type { Rgb } from "./solid-picture.ts";

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

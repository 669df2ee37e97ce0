/** Of every synthetic camera. */
export const FRAME_RATE = 30;
/** Length of a flash, and of its beep. */
export const FLASH_FRAMES = 3;

/** Whether the second flash-and-beep pattern is on at `seconds` from its start; the flash begins on each whole second. */
export function flashAt(seconds: number): boolean {
	const within = seconds % 1;
	// Half a sample, so that rounding never puts a frame on the other side.
	return seconds >= 0.5 && (within < FLASH_FRAMES / FRAME_RATE - 1e-5 || within > 1 - 1e-5);
}

/** A sample of a steady tone at about -12 dBFS. */
export function toneSample(toneHz: number, seconds: number): number {
	return Math.round(8192 * Math.sin(2 * Math.PI * toneHz * seconds));
}

const SILENCE = 127;

/** -dBov as RFC 6464 counts it, 0 to 127, of the mean square of samples between -1 and 1. */
export function audioLevel(meanSquare: number): number {
	if (!(meanSquare > 0)) return SILENCE;
	return Math.min(SILENCE, Math.max(0, Math.round(-10 * Math.log10(meanSquare))));
}

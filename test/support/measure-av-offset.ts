/** A flash and a beep farther apart than this are not the same moment: they come once a second. */
const SAME_MOMENT_S = 0.45;
const FEWEST_PAIRS = 3;

/**
 * How much later the beeps are than the flashes, in milliseconds: the median over all flashes that have a beep.
 * @throws Error when too few have one
 */
export function avOffsetMs(flashesS: number[], beepsS: number[]): number {
	const offsets = flashesS.flatMap((flash) => {
		const nearest = beepsS.reduce(
			(best, beep) => (Math.abs(beep - flash) < Math.abs(best - flash) ? beep : best),
			Number.POSITIVE_INFINITY,
		);
		return Math.abs(nearest - flash) < SAME_MOMENT_S ? [nearest - flash] : [];
	});
	const median = offsets.sort((a, b) => a - b)[Math.floor(offsets.length / 2)];
	if (median === undefined || offsets.length < FEWEST_PAIRS) {
		throw new Error(`only ${offsets.length} of ${flashesS.length} flashes and ${beepsS.length} beeps belong together`);
	}
	return median * 1000;
}

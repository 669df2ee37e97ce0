import type { Measured } from "../hls-validator.ts";

/** What was measured, in figures that can be printed: the middle, the 95th of a hundred, and the longest. */
export function summary({ segments, parts, pace, roundTripsMs, outagesMs, ended }: Measured): Record<string, string> {
	return {
		fetched: `${segments} segments of ${parts} parts`,
		partIntervalMs: spread(pace.partIntervalsMs),
		segmentIntervalMs: spread(pace.segmentIntervalsMs),
		roundTripMs: spread(roundTripsMs),
		outagesMs: outagesMs.map((ms) => Math.round(ms)).join(", ") || "none",
		end: ended ? "seen" : "not seen",
	};
}

function spread(values: number[]): string {
	const sorted = [...values].sort((a, b) => a - b);
	const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
	return values.length === 0 ? "none" : `${at(0.5)}, ${at(0.95)}, ${at(1)}`;
}

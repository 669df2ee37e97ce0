import type { Audience } from "../../../../../core/protocol/playback.ts";

/** A value of most importance, and what stands smaller below it. */
interface Figure {
	value: string;
	hint: string;
}

const UNKNOWN = "–";

/** "1.3 s", and what nearly all are below. */
export function spreadFigure(spread: Audience["latencyMs"]): Figure {
	if (!spread) return { value: UNKNOWN, hint: "not known yet" };
	return { value: seconds(spread.p50), hint: `95\u00a0% below ${seconds(Math.max(spread.p95, spread.p50))}` };
}

/** How many met with a gap. */
export function stallFigure({ viewers, stalledShare }: Pick<Audience, "viewers" | "stalledShare">): Figure {
	const hint = "in the last minute";
	if (viewers === 0) return { value: UNKNOWN, hint };
	return { value: stalledShare === 0 ? "nobody" : percent(stalledShare), hint };
}

/** "720p" */
export function rungName(heightPixels: number): string {
	return heightPixels === 0 ? "Sound only" : `${heightPixels}p`;
}

export function percent(share: number): string {
	return share > 0 && share < 0.01 ? "under 1\u00a0%" : `${Math.round(share * 100)}\u00a0%`;
}

export function seconds(ms: number): string {
	return `${(ms / 1000).toFixed(1)}\u00a0s`;
}

import type { Audience, PlaybackReport } from "../../core/protocol/playback.ts";

/** What one webinar's players report together, at most. */
const REPORTS_PER_SECOND = 100;
const SHORTEST_INTERVAL_MS = 10_000;
/** Beyond it the viewer heard of longest ago goes: whoever makes viewers up must not fill the memory. */
export const MAX_VIEWERS = 20_000;
/** A report may be late, and one may be lost. */
const INTERVALS_KEPT = 2;
const GRACE_MS = 10_000;
const STALL_REMEMBERED_MS = 60_000;
/** Heights a programme is encoded in; 0: sound alone. Any other counts as the nearest, so that there are few. */
const RUNGS = [1080, 720, 480, 360, 240, 0];

interface Viewer {
	expiresAtMs: number;
	/** Counts as one whose playback ran dry until then. */
	stalledUntilMs: number;
	startUpMs: number | undefined;
	latencyMs: number | undefined;
	rung: number | undefined;
}

type Figures = Omit<Audience, "latencyFloorMs">;

/** The newest report of each player that one webinar has open. */
export class ViewerReports {
	/** In the order of their reports, the oldest first. */
	readonly #viewers = new Map<string, Viewer>();

	/** Until a player should report again. */
	get intervalMs(): number {
		return Math.max(SHORTEST_INTERVAL_MS, Math.ceil((this.#viewers.size * 1000) / REPORTS_PER_SECOND));
	}

	/** Returns whether it is the first to tell that viewer's start-up. */
	take(report: PlaybackReport, nowMs: number): boolean {
		const before = this.#viewers.get(report.viewer);
		this.#viewers.delete(report.viewer);
		if (report.state !== "left") this.#viewers.set(report.viewer, this.#viewerOf(report, before, nowMs));
		const [oldest] = this.#viewers.keys();
		if (this.#viewers.size > MAX_VIEWERS && oldest !== undefined) this.#viewers.delete(oldest);
		return report.startUpMs !== undefined && before?.startUpMs === undefined;
	}

	/** Forgets those who went without a word, and counts the others. */
	count(nowMs: number): Figures {
		const startUps: number[] = [];
		const latencies: number[] = [];
		const rungs = new Map<number, number>();
		let stalled = 0;
		for (const [id, { expiresAtMs, stalledUntilMs, startUpMs, latencyMs, rung }] of this.#viewers) {
			if (expiresAtMs <= nowMs) {
				this.#viewers.delete(id);
				continue;
			}
			if (stalledUntilMs > nowMs) stalled++;
			if (startUpMs !== undefined) startUps.push(startUpMs);
			if (latencyMs !== undefined) latencies.push(latencyMs);
			if (rung !== undefined) rungs.set(rung, (rungs.get(rung) ?? 0) + 1);
		}
		const viewers = this.#viewers.size;
		return {
			viewers,
			startUpMs: spreadOf(startUps),
			latencyMs: spreadOf(latencies),
			stalledShare: viewers === 0 ? 0 : Math.round((stalled / viewers) * 1000) / 1000,
			rungs: RUNGS.flatMap((heightPixels) => {
				const watching = rungs.get(heightPixels);
				return watching ? [{ heightPixels, viewers: watching }] : [];
			}),
		};
	}

	#viewerOf(report: PlaybackReport, before: Viewer | undefined, nowMs: number): Viewer {
		const intervalMs = this.intervalMs;
		const hasStalled = report.stalls > 0 || report.stalledMs > 0 || report.state === "stalled";
		return {
			expiresAtMs: nowMs + INTERVALS_KEPT * intervalMs + GRACE_MS,
			// A report tells of the whole interval before it.
			stalledUntilMs: hasStalled ? nowMs + Math.max(STALL_REMEMBERED_MS, intervalMs) : (before?.stalledUntilMs ?? 0),
			startUpMs: report.startUpMs ?? before?.startUpMs,
			latencyMs: report.latencyMs,
			rung: report.heightPixels === undefined ? undefined : rungOf(report.heightPixels),
		};
	}
}

function rungOf(heightPixels: number): number {
	if (heightPixels === 0) return 0;
	const distance = (rung: number) => Math.abs(rung - heightPixels);
	return RUNGS.filter((rung) => rung > 0).reduce((nearest, rung) =>
		distance(rung) < distance(nearest) ? rung : nearest,
	);
}

/** Nearest-rank percentiles. */
function spreadOf(values: number[]): Figures["latencyMs"] {
	const sorted = Float64Array.from(values).sort();
	const rank = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
	return sorted.length === 0 ? null : { p50: rank(0.5), p95: rank(0.95) };
}

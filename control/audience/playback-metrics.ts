import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Audience, PlaybackReport } from "../../core/protocol/playback.ts";

/** Of all webinars together: which one a viewer watches is no label, for there is no end of webinars. */
export interface PlaybackMetrics {
	/** `isStartUp`: the report is the first to tell how long that viewer waited for a picture. */
	observe(report: PlaybackReport, isStartUp: boolean): void;
}

export function createPlaybackMetrics(metrics: Registry, audiences: () => Audience[]): PlaybackMetrics {
	const registers = [metrics];
	const reports = new Counter({
		name: "rostrum_playback_reports_total",
		help: "Reports of players that were taken",
		registers,
	});
	const startUps = new Histogram({
		name: "rostrum_playback_start_up_seconds",
		help: "From a player's start to its first picture",
		buckets: [0.25, 0.5, 0.8, 1, 1.5, 2, 3, 5, 10, 30],
		registers,
	});
	const latencies = new Histogram({
		name: "rostrum_playback_latency_seconds",
		help: "From a picture's composition to its display, once for each report of a player that follows the live edge",
		buckets: [0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 5, 10, 30],
		registers,
	});
	const stalls = new Counter({
		name: "rostrum_playback_stalls_total",
		help: "Times the playback of a player ran dry",
		registers,
	});
	const stalledSeconds = new Counter({
		name: "rostrum_playback_stalled_seconds_total",
		help: "Time for which the playback of players had run dry",
		registers,
	});
	new Gauge({
		name: "rostrum_playback_viewers",
		help: "Players that are open and told which picture they play, by the height of that picture; 0 is sound alone",
		labelNames: ["height"],
		registers,
		collect() {
			this.reset();
			for (const { rungs } of audiences()) {
				for (const { heightPixels, viewers } of rungs) this.inc({ height: String(heightPixels) }, viewers);
			}
		},
	});
	new Gauge({
		name: "rostrum_playback_latency_floor_seconds",
		help: "Highest latency that any webinar's players are asked to keep, because the playback of many ran dry",
		registers,
		collect() {
			this.set(Math.max(0, ...audiences().map(({ latencyFloorMs }) => latencyFloorMs)) / 1000);
		},
	});
	return {
		observe(report, isStartUp) {
			reports.inc();
			if (isStartUp && report.startUpMs !== undefined) startUps.observe(report.startUpMs / 1000);
			if (report.latencyMs !== undefined) latencies.observe(report.latencyMs / 1000);
			stalls.inc(report.stalls);
			stalledSeconds.inc(report.stalledMs / 1000);
		},
	};
}

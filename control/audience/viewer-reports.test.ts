import { describe, expect, test } from "vitest";
import type { PlaybackReport } from "../../core/protocol/playback.ts";
import { MAX_VIEWERS, ViewerReports } from "./viewer-reports.ts";

const NOW_MS = 1_000_000;

const idOf = (index: number) => String(index).padStart(12, "v");

function reportOf(viewer: number, report: Partial<PlaybackReport> = {}): PlaybackReport {
	return { viewer: idOf(viewer), state: "playing", stalls: 0, stalledMs: 0, ...report };
}

test("nobody has no figures", () => {
	expect(new ViewerReports().count(NOW_MS)).toEqual({
		viewers: 0,
		startUpMs: null,
		latencyMs: null,
		stalledShare: 0,
		rungs: [],
	});
});

test("a viewer counts once, with what was said last, and with the start-up that was said at all", () => {
	const reports = new ViewerReports();
	expect(reports.take(reportOf(1, { state: "loading" }), NOW_MS)).toBe(false);
	expect(reports.take(reportOf(1, { startUpMs: 700, latencyMs: 2000, heightPixels: 360 }), NOW_MS)).toBe(true);
	expect(reports.take(reportOf(1, { startUpMs: 900, latencyMs: 1000, heightPixels: 720 }), NOW_MS)).toBe(false);
	reports.take(reportOf(1, { latencyMs: 1000, heightPixels: 720 }), NOW_MS);
	expect(reports.count(NOW_MS)).toMatchObject({
		viewers: 1,
		startUpMs: { p50: 900, p95: 900 },
		latencyMs: { p50: 1000, p95: 1000 },
		rungs: [{ heightPixels: 720, viewers: 1 }],
	});
});

test("half are below the median, and five in a hundred above the 95th percentile", () => {
	const reports = new ViewerReports();
	for (let i = 1; i <= 100; i++) reports.take(reportOf(i, { latencyMs: ((i * 37) % 101) * 10 }), NOW_MS);
	expect(reports.count(NOW_MS).latencyMs).toEqual({ p50: 500, p95: 950 });
});

test("who says goodbye is gone at once, who says nothing after two intervals and ten seconds", () => {
	const reports = new ViewerReports();
	for (const viewer of [1, 2, 3]) reports.take(reportOf(viewer), NOW_MS);
	reports.take(reportOf(1, { state: "left" }), NOW_MS);
	expect(reports.count(NOW_MS).viewers).toBe(2);
	reports.take(reportOf(2), NOW_MS + 15_000);
	expect(reports.count(NOW_MS + 29_999).viewers).toBe(2);
	expect(reports.count(NOW_MS + 30_000).viewers).toBe(1);
	expect(reports.count(NOW_MS + 45_000).viewers).toBe(0);
});

test("a stall is remembered for a minute, however it was told", () => {
	const reports = new ViewerReports();
	reports.take(reportOf(1, { stalls: 1, stalledMs: 300 }), NOW_MS);
	reports.take(reportOf(2, { stalledMs: 4000 }), NOW_MS);
	reports.take(reportOf(3, { state: "stalled" }), NOW_MS);
	for (let i = 4; i <= 10; i++) reports.take(reportOf(i), NOW_MS);
	expect(reports.count(NOW_MS).stalledShare).toBe(0.3);
	const report = (nowMs: number) => {
		for (let i = 1; i <= 10; i++) reports.take(reportOf(i), nowMs);
		return reports.count(nowMs).stalledShare;
	};
	expect(report(NOW_MS + 25_000)).toBe(0.3);
	expect(report(NOW_MS + 50_000)).toBe(0.3);
	expect(report(NOW_MS + 60_000)).toBe(0);
});

describe("made-up viewers", () => {
	test("grow neither the memory nor the rate of reports without bound", () => {
		const reports = new ViewerReports();
		for (let i = 0; i < MAX_VIEWERS + 5000; i++) reports.take(reportOf(i, { latencyMs: i }), NOW_MS);
		const { viewers, latencyMs } = reports.count(NOW_MS);
		expect(viewers).toBe(MAX_VIEWERS);
		// The first five thousand are those that went.
		expect(latencyMs?.p50).toBe(5000 + MAX_VIEWERS / 2 - 1);
		expect(viewers / (reports.intervalMs / 1000)).toBeLessThanOrEqual(100);
	});

	test("have pictures of a few heights alone", () => {
		const reports = new ViewerReports();
		for (let height = 0; height <= 4320; height++) reports.take(reportOf(height, { heightPixels: height }), NOW_MS);
		const { rungs } = reports.count(NOW_MS);
		expect(rungs.map(({ heightPixels }) => heightPixels)).toEqual([1080, 720, 480, 360, 240, 0]);
		expect(rungs.reduce((sum, { viewers }) => sum + viewers, 0)).toBe(4321);
		expect(rungs.at(-1)?.viewers).toBe(1);
	});
});

test("the more there are, the more seldom each reports", () => {
	const reports = new ViewerReports();
	expect(reports.intervalMs).toBe(10_000);
	for (let i = 0; i < 5000; i++) reports.take(reportOf(i), NOW_MS);
	expect(reports.intervalMs).toBe(50_000);
	// Who was told to wait that long is not forgotten before.
	reports.take(reportOf(1), NOW_MS);
	expect(reports.count(NOW_MS + 105_000).viewers).toBeGreaterThanOrEqual(1);
});

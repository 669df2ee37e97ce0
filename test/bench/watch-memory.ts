/**
 * What a watch page that stays open takes: its JavaScript heap after a collection, its documents' nodes, and the memory of
 * its browser's processes, after the first minute and at the end. A row; options: --minutes 10.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { CDPSession } from "playwright-core";
import { launchChromium } from "../support/chromium.ts";
import { descendantsOf } from "../support/processes.ts";
import { ClockProgramme } from "./support/clock-programme.ts";
import { residentBytes } from "./support/process-usage.ts";
import { printRow, round } from "./support/row.ts";

const MEBI = 2 ** 20;
const SETTLING_MS = 60_000;

const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" } } });

const programme = await ClockProgramme.start();
try {
	const others = new Set((await descendantsOf(process.pid)).map(({ pid }) => pid));
	const browser = await launchChromium();
	try {
		const page = await browser.newPage({ viewport: { width: 800, height: 600 } });
		await page.goto(programme.watchUrl());
		await page.locator("[data-player-state=playing]").waitFor();
		const session = await page.context().newCDPSession(page);
		await session.send("Performance.enable");
		const usage = async () => {
			const own = (await descendantsOf(process.pid)).filter(({ pid }) => !others.has(pid));
			return { ...(await pageUsage(session)), browserMiB: Math.round(resident(own.map(({ pid }) => pid)) / MEBI) };
		};
		await delay(SETTLING_MS);
		const before = await usage();
		await delay(60_000 * Number(values.minutes));
		const after = await usage();
		printRow("watch-memory", {
			minutes: Number(values.minutes),
			heapMiB: `${before.heapMiB} -> ${after.heapMiB}`,
			nodes: `${before.nodes} -> ${after.nodes}`,
			browserMiB: `${before.browserMiB} -> ${after.browserMiB}`,
		});
	} finally {
		await browser.close();
	}
} finally {
	await programme.close();
}

async function pageUsage(session: CDPSession): Promise<{ heapMiB: number; nodes: number }> {
	await session.send("HeapProfiler.collectGarbage");
	const { metrics } = await session.send("Performance.getMetrics");
	const value = (wanted: string) => metrics.find(({ name }) => name === wanted)?.value ?? Number.NaN;
	return { heapMiB: round(value("JSHeapUsedSize") / MEBI, 1), nodes: value("Nodes") };
}

function resident(pids: number[]): number {
	return pids.reduce((sum, pid) => sum + residentBytes(pid), 0);
}

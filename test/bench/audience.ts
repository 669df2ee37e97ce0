/**
 * Simulated LL-HLS viewers (blocking reloads and parts over a connection each, every byte compared) of one rung at 1 Mbit/s
 * with sound, in parts of a third of a second. A row for each number of viewers:
 *
 * - `partMs`: from a part's listing to its last byte, `lateMs`: from its publication; p50, p99 and the longest
 * - `stalled`: parts that came later than a player that is a hold-back of three parts behind can wait
 * - `originCores`, `generatorCores`; `kibPerViewer`: what a viewer adds to the origin's memory
 *
 * Options: --viewers 1000,3000,5000, --seconds 20, --bitrate 1000000.
 */
import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { FromOrigin, PublishedPart } from "./support/origin-process.ts";
import { cpuSeconds, residentBytes } from "./support/process-usage.ts";
import { percentile, printRow, round } from "./support/row.ts";
import { Audience, SimulatedViewer } from "./support/simulated-viewer.ts";

const { values } = parseArgs({
	options: {
		viewers: { type: "string", default: "1000,3000,5000" },
		seconds: { type: "string", default: "20" },
		bitrate: { type: "string", default: "1000000" },
	},
});
const seconds = Number(values.seconds);
const RENDITION = "/live/bench/720p/index.m3u8";
const PART_MS = 1000 / 3;
/** A part is played from a hold-back of three parts after its first picture was composed: two parts after it is published. */
const PATIENCE_MS = 2 * PART_MS;
/** Not all at once: they would ask in one burst, and the system's queue of connections is short. */
const JOIN_BATCH = 50;
const JOIN_INTERVAL_MS = 50;
const SETTLE_MS = 5_000;

for (const count of values.viewers.split(",").map(Number)) await measure(count);

async function measure(count: number): Promise<void> {
	const published = new Map<string, PublishedPart>();
	const origin = fork(join(import.meta.dirname, "support/origin-process.ts"), [values.bitrate]);
	const audience = new Audience();
	const viewers: SimulatedViewer[] = [];
	try {
		const port = await portOf(origin, published);
		const pid = origin.pid ?? 0;
		await delay(1000);
		const emptyBytes = residentBytes(pid);
		const url = new URL(`http://127.0.0.1:${port}${RENDITION}`);
		while (viewers.length < count) {
			for (let i = 0; i < JOIN_BATCH && viewers.length < count; i++) viewers.push(new SimulatedViewer(url, audience));
			await delay(JOIN_INTERVAL_MS);
		}
		await delay(SETTLE_MS);
		const [requests, bytes] = [audience.requests, audience.bytes];
		const [originS, ownS] = [cpuSeconds(pid), cpuSeconds(process.pid)];
		const startMs = performance.now();
		audience.counting = true;
		await delay(seconds * 1000);
		audience.counting = false;
		const passedS = (performance.now() - startMs) / 1000;
		const [originCores, generatorCores] = [cpuSeconds(pid) - originS, cpuSeconds(process.pid) - ownS];
		const lateMs = audience.arrivals.map(({ name, atMs }) => atMs - (published.get(name)?.publishedMs ?? Number.NaN));
		for (const [name, body] of audience.parts) {
			const expected = published.get(name)?.sha256;
			if (expected && createHash("sha256").update(body).digest("hex") !== expected)
				audience.faults.push(`${name} is not what was published`);
		}
		const figures = (list: number[]) =>
			[percentile(list, 0.5), percentile(list, 0.99), percentile(list, 1)].map((ms) => round(ms, 0)).join(", ");
		printRow("audience", {
			viewers: count,
			faults: [...new Set(audience.faults)].slice(0, 3).join("; ") || "none",
			partsPerViewer: round(lateMs.length / count, 1),
			partsDue: round(seconds / (PART_MS / 1000), 0),
			partMs: figures(audience.afterListingMs),
			lateMs: figures(lateMs),
			stalled: lateMs.filter((ms) => ms > PATIENCE_MS).length,
			requestsPerSecond: round((audience.requests - requests) / passedS, 0),
			mbitPerSecond: round((8 * (audience.bytes - bytes)) / passedS / 1e6, 0),
			originCores: round(originCores / passedS, 2),
			generatorCores: round(generatorCores / passedS, 2),
			kibPerViewer: round((residentBytes(pid) - emptyBytes) / 1024 / count, 1),
		});
	} finally {
		for (const viewer of viewers) viewer.close();
		const exited = once(origin, "exit");
		origin.kill("SIGKILL");
		await exited;
	}
}

async function portOf(origin: ChildProcess, published: Map<string, PublishedPart>): Promise<number> {
	const port = Promise.withResolvers<number>();
	origin.on("message", (message: FromOrigin) => {
		if ("port" in message) port.resolve(message.port);
		else published.set(message.name, message);
	});
	origin.once("exit", (code) => port.reject(new Error(`the origin ended with ${code}`)));
	return await port.promise;
}

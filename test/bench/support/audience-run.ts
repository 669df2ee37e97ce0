import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { PublishedPart } from "./origin-process.ts";
import { cpuSeconds } from "./process-usage.ts";
import { type Figure, percentile, round } from "./row.ts";
import { Audience, SimulatedViewer } from "./simulated-viewer.ts";

const PART_MS = 1000 / 3;
/** A part is played from a hold-back of three parts after its first picture was composed: two parts after it is published. */
const PATIENCE_MS = 2 * PART_MS;
/** Not all at once: they would ask in one burst, and the system's queue of connections is short. */
const JOIN_BATCH = 50;
const JOIN_INTERVAL_MS = 50;
const SETTLE_MS = 5_000;
/** Until it is told when the last parts were published. */
const HEARSAY_MS = 1_500;

interface AudienceRunOptions {
	/** Of a media playlist. */
	url: URL;
	/** What the origin says it published, by name. */
	published: ReadonlyMap<string, PublishedPart>;
	/** Figures that only grow; each is told by what it grew in a second, with two digits. */
	counters: Record<string, () => number | Promise<number>>;
}

/** Viewers of one rendition, and what came to them. */
export class AudienceRun {
	readonly #options: AudienceRunOptions;
	readonly #audience = new Audience();
	readonly #viewers: SimulatedViewer[] = [];

	constructor(options: AudienceRunOptions) {
		this.#options = options;
	}

	async join(count: number): Promise<void> {
		const { url } = this.#options;
		while (this.#viewers.length < count) {
			for (let i = 0; i < JOIN_BATCH && this.#viewers.length < count; i++)
				this.#viewers.push(new SimulatedViewer(url, this.#audience));
			await delay(JOIN_INTERVAL_MS);
		}
		await delay(SETTLE_MS);
	}

	async measure(seconds: number): Promise<Record<string, Figure>> {
		const audience = this.#audience;
		const counters: [string, () => number | Promise<number>][] = [
			...Object.entries(this.#options.counters),
			["generatorCores", () => cpuSeconds(process.pid)],
			["requestsPerSecond", () => audience.requests],
			["mbitPerSecond", () => (8 * audience.bytes) / 1e6],
		];
		const read = () => Promise.all(counters.map(([, value]) => value()));
		const before = await read();
		const startMs = performance.now();
		audience.counting = true;
		await delay(seconds * 1000);
		audience.counting = false;
		const passedS = (performance.now() - startMs) / 1000;
		const after = await read();
		await delay(HEARSAY_MS);
		const rates = counters.map(([name], index) => {
			const grown = (after[index] ?? Number.NaN) - (before[index] ?? Number.NaN);
			return [name, round(grown / passedS, 2)];
		});
		return { ...this.#arrivals(seconds), ...Object.fromEntries(rates) };
	}

	close(): void {
		for (const viewer of this.#viewers) viewer.close();
	}

	#arrivals(seconds: number): Record<string, Figure> {
		const { arrivals, afterListingMs, parts, faults } = this.#audience;
		const { published } = this.#options;
		const lateMs = arrivals.map(({ name, atMs }) => atMs - (published.get(name)?.publishedMs ?? Number.NaN));
		for (const [name, body] of parts) {
			const expected = published.get(name)?.sha256;
			if (expected && createHash("sha256").update(body).digest("hex") !== expected)
				faults.push(`${name} is not what was published`);
		}
		const figures = (list: number[]) =>
			[percentile(list, 0.5), percentile(list, 0.99), percentile(list, 1)].map((ms) => round(ms, 0)).join(", ");
		return {
			viewers: this.#viewers.length,
			faults: [...new Set(faults)].slice(0, 3).join("; ") || "none",
			partsPerViewer: round(lateMs.length / this.#viewers.length, 1),
			partsDue: round(seconds / (PART_MS / 1000), 0),
			partMs: figures(afterListingMs),
			lateMs: figures(lateMs),
			stalled: lateMs.filter((ms) => ms > PATIENCE_MS).length,
		};
	}
}

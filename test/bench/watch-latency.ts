/**
 * Glass to glass for the audience: from the drawing of a picture in the presenter's Chromium to its being shown in the watch
 * page of another one. The time is in the picture. Rows:
 *
 * - `start`: from opening the page, with nothing cached, and from its having a video element, to the first picture
 * - `steady`: where the time goes as well: `composedMs` until the picture is in the programme, `publishedMs` until its part
 *   is listed, the rest is the player's
 *
 * Options: --only start,steady, --minutes 3, --starts 20.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { launchChromium } from "../support/chromium.ts";
import { ClockProgramme } from "./support/clock-programme.ts";
import { publicationDelaysMs } from "./support/publication-delay.ts";
import { percentile, printRow, round } from "./support/row.ts";
import { type Watched, WatchingViewer } from "./support/watching-viewer.ts";

/** Until the presenter's encoder has its bitrate, and until the player's latency has settled. */
const WARM_UP_MS = 10_000;
const SETTLING_MS = 30_000;

const { values } = parseArgs({
	options: {
		only: { type: "string", default: "start,steady" },
		minutes: { type: "string", default: "3" },
		starts: { type: "string", default: "20" },
	},
});
const only = values.only.split(",");

const programme = await ClockProgramme.start();
try {
	await delay(WARM_UP_MS);
	if (only.includes("start")) await start();
	if (only.includes("steady")) await steady();
} finally {
	await programme.close();
}

async function start(): Promise<void> {
	const browser = await launchChromium();
	const watched: Watched[] = [];
	try {
		for (let i = 0; i < Number(values.starts); i++) {
			const viewer = await WatchingViewer.open(browser, programme.watchUrl());
			watched.push(await viewer.read());
			await viewer.close();
		}
	} finally {
		await browser.close();
	}
	const page = watched.map(({ firstPictureAtMs }) => firstPictureAtMs ?? Number.NaN);
	const player = watched.map(({ videoAtMs }, index) => (page[index] ?? 0) - (videoAtMs ?? 0));
	printRow("watch-start", {
		starts: watched.length,
		fromPageP50Ms: round(percentile(page, 0.5), 0),
		fromPageP95Ms: round(percentile(page, 0.95), 0),
		fromVideoP50Ms: round(percentile(player, 0.5), 0),
		fromVideoP95Ms: round(percentile(player, 0.95), 0),
	});
}

async function steady(): Promise<void> {
	const browser = await launchChromium();
	try {
		const viewer = await WatchingViewer.open(browser, programme.watchUrl());
		await delay(SETTLING_MS);
		await viewer.begin();
		const published = publicationDelaysMs(programme.streamUrl(), 60_000 * Number(values.minutes));
		await delay(60_000 * Number(values.minutes));
		const watched = await viewer.read();
		printRow("watch-latency", { network: "direct", ...figuresOf(watched), ...budgetOf(watched, await published) });
	} finally {
		await browser.close();
	}
}

function figuresOf({ shown, stalls }: Watched) {
	if (!shown) throw new Error("nothing was shown");
	const { latenciesMs, frames, forMs, longestGapMs } = shown;
	return {
		seconds: round(forMs / 1000, 0),
		framesPerSecond: round((1000 * frames) / forMs, 1),
		p50Ms: round(percentile(latenciesMs, 0.5), 0),
		p95Ms: round(percentile(latenciesMs, 0.95), 0),
		maxMs: round(
			latenciesMs.reduce((a, b) => Math.max(a, b), 0),
			0,
		),
		stalls: stalls.length,
		longestGapMs: round(longestGapMs, 0),
	};
}

/** Where a picture's time goes. What the page says counts from the moment the picture was composed. */
function budgetOf({ shown, samples }: Watched, published: number[]) {
	const said = percentile(
		samples.map(({ saidMs }) => saidMs).filter((ms) => Number.isFinite(ms)),
		0.5,
	);
	return {
		composedMs: round(percentile(shown?.latenciesMs ?? [], 0.5) - said, 0),
		publishedP50Ms: round(percentile(published, 0.5), 0),
		publishedP95Ms: round(percentile(published, 0.95), 0),
		thinnestBufferMs: round(Math.min(...samples.map(({ bufferMs }) => bufferMs)), 0),
		bufferP50Ms: round(
			percentile(
				samples.map(({ bufferMs }) => bufferMs),
				0.5,
			),
			0,
		),
		rates: ratesOf(samples),
	};
}

/** Share of the time at each playback rate, the commonest first. */
function ratesOf(samples: Watched["samples"]): string {
	const shares = new Map<number, number>();
	for (const { rate } of samples) shares.set(rate, (shares.get(rate) ?? 0) + 1 / samples.length);
	const sorted = [...shares].sort((a, b) => b[1] - a[1]).slice(0, 4);
	return sorted.map(([rate, share]) => `${rate}: ${Math.round(100 * share)} %`).join(", ");
}

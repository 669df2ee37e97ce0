/**
 * Glass to glass for the audience: from the drawing of a picture in the presenter's Chromium to its being shown in the watch
 * page of another one. The time is in the picture. Rows:
 *
 * - `start`: from opening the page, with nothing cached, and from its having a video element, to the first picture
 * - `steady`: where the time goes as well: `composedMs` until the picture is in the programme, `publishedMs` from the end of
 *   a part until it is listed, the rest is the player's
 * - `jitter`: the viewer is behind a link of 30 ms, give or take 10, that loses one of a hundred packets, either way
 * - `cut`: that link, else perfect, carries nothing for five seconds. From its return until the picture moves again, and
 *   until it is as near to now as before, for good
 *
 * Options: --only start,steady,jitter,cut, --minutes 3, --starts 20. The link needs root.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Browser } from "playwright-core";
import { chromiumPath, launchChromium } from "../support/chromium.ts";
import type { NetworkLink } from "../support/network-link.ts";
import { PacketLink } from "../support/packet-link.ts";
import { ClockProgramme } from "./support/clock-programme.ts";
import { publicationDelaysMs } from "./support/publication-delay.ts";
import { percentile, printRow, round } from "./support/row.ts";
import { type Watched, type WatchedSample, WatchingViewer } from "./support/watching-viewer.ts";

/** Until the presenter's encoder has its bitrate, and until the player's latency has settled. */
const WARM_UP_MS = 10_000;
const SETTLING_MS = 30_000;
/** For as long the publication of parts is timed. */
const PUBLICATION_MS = 60_000;
const BAD = { delayMs: 30, jitterMs: 10, loss: 0.01 };
const BEFORE_CUT_MS = 5_000;
const CUT_MS = 5_000;
const AFTER_CUT_MS = 30_000;
/** More than this above what was usual is not yet back. */
const AS_NEAR_MS = 200;

const { values } = parseArgs({
	options: {
		only: { type: "string", default: "start,steady,jitter,cut" },
		minutes: { type: "string", default: "3" },
		starts: { type: "string", default: "20" },
	},
});
const only = values.only.split(",");
const forMs = 60_000 * Number(values.minutes);

const programme = await ClockProgramme.start();
try {
	await delay(WARM_UP_MS);
	if (only.includes("start")) await start();
	if (only.includes("steady")) await steady();
	if (only.includes("jitter")) await behindLink(jitter);
	if (only.includes("cut")) await behindLink(cut);
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
		const publishing = publicationDelaysMs(programme.streamUrl(), Math.min(forMs, PUBLICATION_MS));
		const [published] = await Promise.all([publishing, delay(forMs)]);
		const watched = await viewer.read();
		printRow("watch-latency", { network: "direct", ...figuresOf(watched), ...budgetOf(watched, published) });
	} finally {
		await browser.close();
	}
}

/** The viewer's whole browser is behind the link. */
async function behindLink(measure: (viewer: WatchingViewer, link: NetworkLink) => Promise<void>): Promise<void> {
	const network = await PacketLink.open();
	let browser: Browser | undefined;
	try {
		browser = await launchChromium(undefined, await network.wrap(chromiumPath()));
		const baseUrl = `http://${network.hostAddress}:${new URL(programme.server.baseUrl).port}`;
		const viewer = await WatchingViewer.open(browser, programme.watchUrl(baseUrl));
		await measure(viewer, network.link);
	} finally {
		await browser?.close();
		await network.close();
	}
}

async function jitter(viewer: WatchingViewer, link: NetworkLink): Promise<void> {
	link.become(BAD);
	await delay(SETTLING_MS);
	await viewer.begin();
	await delay(forMs);
	const watched = await viewer.read();
	const { delayMs, jitterMs, loss } = BAD;
	const network = `${delayMs}±${jitterMs} ms, ${100 * loss} % loss`;
	printRow("watch-latency", { network, ...figuresOf(watched), ...playerOf(watched) });
}

async function cut(viewer: WatchingViewer, link: NetworkLink): Promise<void> {
	await delay(SETTLING_MS);
	await viewer.begin();
	await delay(BEFORE_CUT_MS);
	const before = await viewer.read();
	const usualMs = percentile(before.shown?.latenciesMs ?? [], 0.5);
	await viewer.begin();
	link.become({ cut: true });
	await delay(CUT_MS);
	link.become({});
	const returnedMs = performance.timeOrigin + performance.now();
	await delay(AFTER_CUT_MS);
	const { samples, stalls, shown } = await viewer.read();
	const after = samples.filter(({ shownMs }) => shownMs > returnedMs);
	const lastLate = after.findLast(({ latencyMs }) => latencyMs > usualMs + AS_NEAR_MS);
	printRow("watch-cut", {
		cutMs: CUT_MS,
		usualMs: round(usualMs, 0),
		playsAfterMs: round((after[0]?.shownMs ?? Number.NaN) - returnedMs, 0),
		asNearAfterMs: round((lastLate?.atMs ?? returnedMs) - returnedMs, 0),
		stalls: stalls.length,
		longestGapMs: round(shown?.longestGapMs ?? Number.NaN, 0),
		latencyAtEndMs: round(samples.at(-1)?.latencyMs ?? Number.NaN, 0),
	});
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
function budgetOf(watched: Watched, published: number[]) {
	const said = watched.samples.map(({ saidMs }) => saidMs).filter((ms) => ms !== null);
	return {
		composedMs: round(percentile(watched.shown?.latenciesMs ?? [], 0.5) - percentile(said, 0.5), 0),
		publishedP50Ms: round(percentile(published, 0.5), 0),
		publishedP95Ms: round(percentile(published, 0.95), 0),
		...playerOf(watched),
	};
}

function playerOf({ samples }: Watched) {
	const buffers = samples.map(({ bufferMs }) => bufferMs);
	return {
		bufferP50Ms: round(percentile(buffers, 0.5), 0),
		bufferP1Ms: round(percentile(buffers, 0.01), 0),
		thinnestBufferMs: round(Math.min(...buffers), 0),
		rates: ratesOf(samples),
	};
}

/** Share of the time at each playback rate, the commonest first. */
function ratesOf(samples: WatchedSample[]): string {
	const shares = new Map<number, number>();
	for (const { rate } of samples) shares.set(rate, (shares.get(rate) ?? 0) + 1 / samples.length);
	const sorted = [...shares].sort((a, b) => b[1] - a[1]).slice(0, 4);
	return sorted.map(([rate, share]) => `${rate}: ${Math.round(100 * share)} %`).join(", ");
}

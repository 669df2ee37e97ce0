import type { Browser, BrowserContext, Page } from "playwright-core";
import { eventually } from "../../support/deadline.ts";
import type { Shown } from "../../support/stage/stage-peer.ts";

const FIRST_PICTURE_DEADLINE_MS = 60_000;
/** What the page shows instead of a picture. */
const describePage = `JSON.stringify([
	document.querySelector("[data-player-state]")?.dataset.playerState,
	document.querySelector("video")?.readyState,
	document.body.innerText.slice(0, 200),
])`;

/** As it was at one moment; ten of them a second. */
export interface WatchedSample {
	/** Of the wall clock. */
	atMs: number;
	bufferMs: number;
	rate: number;
	/** The latency that the page itself shows; null when it shows none. */
	saidMs: number | null;
	/** When the latest picture was shown, and how old it was; 0 before the first. */
	shownMs: number;
	latencyMs: number;
}

export interface Watched {
	/** From the page's begin until there was a video element, and until it showed its first picture. */
	videoAtMs: number | null;
	firstPictureAtMs: number | null;
	/** When the playback ran dry, in milliseconds since the epoch. */
	stalls: number[];
	samples: WatchedSample[];
	shown: Shown | null;
}

/** Somebody at a watch page, with nothing of earlier visits in the browser's cache. */
export class WatchingViewer {
	readonly #context: BrowserContext;
	readonly #page: Page;

	private constructor(context: BrowserContext, page: Page) {
		this.#context = context;
		this.#page = page;
	}

	/** When the first picture is shown. */
	static async open(browser: Browser, url: string): Promise<WatchingViewer> {
		const context = await browser.newContext({ viewport: { width: 800, height: 600 } });
		const page = await context.newPage();
		for (const script of ["../../support/burnt-clock.js", "watching-page.js"])
			await page.addInitScript({ path: new URL(script, import.meta.url).pathname });
		const viewer = new WatchingViewer(context, page);
		try {
			await page.goto(url, { waitUntil: "commit" });
			await eventually(
				async () => (await viewer.read()).firstPictureAtMs !== null,
				FIRST_PICTURE_DEADLINE_MS,
				() => "the page shows no picture",
			);
		} catch (error) {
			const state = await page.evaluate(describePage).catch(() => "which does not answer");
			await viewer.close();
			throw new Error(`${(error as Error).message}: ${state}`);
		}
		return viewer;
	}

	/** Forgets what was seen so far. */
	async begin(): Promise<void> {
		await this.#page.evaluate("watching.begin()");
	}

	async read(): Promise<Watched> {
		return (await this.#page.evaluate("watching.read()")) as Watched;
	}

	async close(): Promise<void> {
		await this.#context.close();
	}
}

import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { launchChromium } from "../../../support/chromium.ts";
import { eventually } from "../../../support/deadline.ts";
import { launchFirefox } from "../../../support/firefox.ts";
import type { Watched } from "../watching-viewer.ts";
import { FIRST_PICTURE_DEADLINE_MS, type Played, type TestedPlayer } from "./played.ts";

/** What the browsers' drivers have in common. */
interface DrivenPage {
	open(url: string): Promise<void>;
	/** The result is a string. */
	evaluate(expression: string): Promise<string>;
	close(): Promise<void>;
}

interface PlayedInPage {
	positionS: number;
	pictures: number;
	dropped: number;
	errors: string[];
}

const scriptOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const ours = ["../../../support/burnt-clock.js", "../watching-page.js", "player-page.js"].map(scriptOf);
const libraries = {
	"hls.js": fileURLToPath(import.meta.resolve("hls.js/dist/hls.min.js")),
	shaka: fileURLToPath(import.meta.resolve("shaka-player/dist/shaka-player.compiled.js")),
	"video.js": fileURLToPath(import.meta.resolve("video.js/dist/video.min.js")),
};

export const pagePlayers: TestedPlayer[] = [
	inBrowser("hls.js", "chromium", openChromium),
	inBrowser("shaka", "chromium", openChromium),
	inBrowser("video.js", "chromium", openChromium),
	inBrowser("hls.js", "firefox", launchFirefox),
];

function inBrowser(library: keyof typeof libraries, browser: string, launch: () => Promise<DrivenPage>): TestedPlayer {
	return {
		name: `${library} in ${browser}`,
		async play(streamUrl, forMs) {
			const site = await serve([libraries[library], ...ours]);
			const page = await launch();
			try {
				await page.open(site.url);
				return await play(page, library, streamUrl, forMs);
			} finally {
				await page.close();
				site.close();
			}
		},
	};
}

async function play(page: DrivenPage, library: string, streamUrl: string, forMs: number): Promise<Played> {
	const watched = async () => JSON.parse(await page.evaluate("JSON.stringify(watching.read())")) as Watched;
	const played = async () => JSON.parse(await page.evaluate("JSON.stringify(playedSoFar())")) as PlayedInPage;
	const askedMs = JSON.parse(
		await page.evaluate(
			`const askedMs = performance.now(); playIn(${JSON.stringify(library)}, ${JSON.stringify(streamUrl)}); \`\${askedMs}\``,
		),
	) as number;
	await eventually(
		async () => (await watched()).firstPictureAtMs !== null,
		FIRST_PICTURE_DEADLINE_MS,
		() => `${library} shows no picture`,
	).catch(async (error: Error) => {
		throw new Error(`${error.message}: ${(await played()).errors.join("; ")}`);
	});
	const first = await played();
	await delay(forMs);
	const { shown, firstPictureAtMs, stalls } = await watched();
	const last = await played();
	return {
		startMs: (firstPictureAtMs ?? Number.NaN) - askedMs,
		playedSeconds: last.positionS - first.positionS,
		pictures: last.pictures,
		dropped: last.dropped,
		stalls: stalls.length,
		longestGapMs: shown?.longestGapMs ?? Number.NaN,
		latenciesMs: shown?.latenciesMs ?? [],
		errors: last.errors,
	};
}

async function openChromium(): Promise<DrivenPage> {
	const browser = await launchChromium();
	const page = await browser.newPage();
	return {
		open: async (url) => void (await page.goto(url)),
		evaluate: (expression) => page.evaluate(expression),
		close: () => browser.close(),
	};
}

/** A page with those scripts and a video, on another origin than the stream's. */
async function serve(scripts: string[]): Promise<{ url: string; close(): void }> {
	const tags = scripts.map((path) => `<script src="/${basename(path)}"></script>`);
	const html = `<!doctype html><title>Player</title><video muted playsinline width="640" height="360"></video>${tags.join("")}`;
	const server = createServer(({ url = "" }, response) => {
		const script = scripts.find((path) => `/${basename(path)}` === url);
		response.setHeader("content-type", script ? "text/javascript" : "text/html");
		if (script) createReadStream(script).pipe(response);
		else response.end(html);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
		close() {
			server.closeAllConnections();
			server.close();
		},
	};
}

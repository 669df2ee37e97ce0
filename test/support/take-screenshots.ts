import { join } from "node:path";
import { launchChromium } from "./chromium.ts";

/**
 * Takes the README's pictures from a running `npm start -- --demo`:
 * `node test/support/take-screenshots.ts <host link> <watch link>`, as it prints them.
 */
const [hostUrl, watchUrl] = process.argv.slice(2);
if (!hostUrl || !watchUrl) throw new Error("the host's and the watch link are needed");

const LIVE_DEADLINE_MS = 60_000;
const images = join(import.meta.dirname, "../../docs/images");
const browser = await launchChromium();
try {
	for (const [name, url] of [
		["host", hostUrl],
		["watch", watchUrl],
	] as const) {
		const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "dark" });
		await page.goto(url);
		// Playing for a while: the badge says live, and the latency has settled.
		// Wherever in the programme it began.
		await page.waitForFunction(
			`[...document.querySelectorAll("video")].some((video) => {
				video.beganAtS ??= video.readyState > 2 ? video.currentTime : undefined;
				return video.currentTime > video.beganAtS + 8;
			})`,
			undefined,
			{ timeout: LIVE_DEADLINE_MS },
		);
		await page.screenshot({ path: join(images, `${name}.png`) });
		await page.close();
	}
} finally {
	await browser.close();
}

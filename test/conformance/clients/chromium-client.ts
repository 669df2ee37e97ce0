import { launchChromium } from "../../support/chromium.ts";
import { createBrowserClient } from "./browser-client.ts";
import type { ClientDescription, ClientFactory, MediaClient } from "./media-client.ts";

const description: ClientDescription = {
	name: "chromium",
	stack: "Chromium",
	decodes: true,
	codecs: ["VP8", "H264", "VP9", "AV1"],
	sendsSimulcast: true,
	restartsIce: true,
	isBrowser: true,
};

export const chromiumClient: ClientFactory = { ...description, start };

async function start(): Promise<MediaClient> {
	const browser = await launchChromium();
	const page = await browser.newPage();
	return createBrowserClient(description, {
		sound: "oscillator",
		open: async (url) => void (await page.goto(url)),
		evaluate: (expression) => page.evaluate(expression),
		close: () => browser.close(),
	});
}

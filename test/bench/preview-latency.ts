/**
 * From the drawing of a picture in one browser to its being shown in the host's preview of the programme, before and while
 * the webinar is live. The time is in the picture. Option: --seconds 30, for each.
 */
import { parseArgs } from "node:util";
import { launchChromium } from "../support/chromium.ts";
import { startRostrumServer } from "../support/rostrum-server.ts";
import { StagePeer } from "../support/stage/stage-peer.ts";
import { soundDelayMs, stagePicture } from "../support/stage/stage-scene.ts";
import { percentile, printRow, round } from "./support/row.ts";

/** Until the receiver's buffer and the publisher's bitrate have settled. */
const WARM_UP_MS = 10_000;
const PATIENCE_MS = 20_000;

const { values } = parseArgs({ options: { seconds: { type: "string", default: "30" } } });
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const server = await startRostrumServer();
const browser = await launchChromium();
try {
	const { id } = await server.api.createWebinar("A preview");
	const { token: presenter } = await server.api.invite(id, "presenter", "Ada");
	const { token: host } = await server.api.invite(id, "host", "Hana");
	const publisher = await StagePeer.open(browser, `${server.baseUrl}/healthz`);
	await publisher.publish({ url: `${server.baseUrl}/whip/${id}`, token: presenter }, stagePicture);
	const viewer = await StagePeer.open(browser, `${server.baseUrl}/healthz`);
	const askedMs = Date.now();
	await viewer.subscribe({ url: `${server.baseUrl}/whep/${id}?source=programme`, token: host }, 1);
	while ((await viewer.read()).frames === 0) {
		if (Date.now() > askedMs + PATIENCE_MS) throw new Error("the preview shows nothing");
		await sleep(20);
	}
	const firstPictureMs = Date.now() - askedMs;
	await measure("scheduled", { firstPictureMs });
	await server.api.start(id);
	await measure("live", {});

	async function measure(state: string, figures: Record<string, number>): Promise<void> {
		await sleep(WARM_UP_MS);
		await viewer.begin();
		await sleep(1000 * Number(values.seconds));
		const viewing = await viewer.read();
		const { latenciesMs, forMs, longestGapMs, heights } = viewing;
		printRow("preview-latency", {
			state,
			seconds: round(forMs / 1000, 0),
			framesPerSecond: round((1000 * latenciesMs.length) / forMs, 1),
			heights: heights.map(({ height }) => height).join(),
			...figures,
			p50Ms: round(percentile(latenciesMs, 0.5), 0),
			p95Ms: round(percentile(latenciesMs, 0.95), 0),
			soundBehindPictureMs: round(soundDelayMs(viewing), 0),
			longestGapMs: round(longestGapMs, 0),
		});
	}
} finally {
	await browser.close();
	await server.close();
}
// libdatachannel would keep the process.
process.exit();

/**
 * Glass to glass on the stage: from the drawing of a picture in one browser to its being shown in another, with six people
 * on stage: these two, and four who send recorded video. The time is in the picture. Option: --seconds 60.
 */
import { parseArgs } from "node:util";
import { startIngest } from "../../ingest/test-support/ingest-server.ts";
import { record } from "../../transcoder/test-support/feed.ts";
import { launchChromium } from "../support/chromium.ts";
import { StagePeer } from "../support/stage/stage-peer.ts";
import { stagePicture } from "../support/stage/stage-scene.ts";
import { RecordedPublisher } from "./support/recorded-publisher.ts";
import { percentile, printRow, round } from "./support/row.ts";

const OTHERS = ["c", "d", "e", "f"];
/** Until everybody is seen and the receivers' buffers have settled. */
const WARM_UP_MS = 10_000;
const PATIENCE_MS = 20_000;

const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } });
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const recording = await record("VP8", "testsrc2=s=320x180:r=15");
const server = await startIngest();
const browser = await launchChromium();
const others = OTHERS.map(() => new RecordedPublisher(recording));
try {
	const publisher = await StagePeer.open(browser, server.origin);
	// The first one on stage has the first slot.
	await publisher.publish({ url: server.whip, token: await server.token("a") }, stagePicture);
	for (const [at, other] of others.entries())
		await other.publish({ url: server.whip, token: await server.token(OTHERS[at] ?? "") });
	const subscriber = await StagePeer.open(browser, server.origin);
	await subscriber.subscribe({ url: server.whep, token: await server.token("b") }, OTHERS.length + 1);
	for (let slot = 0; slot <= OTHERS.length; slot++) {
		const untilMs = Date.now() + PATIENCE_MS;
		while ((await subscriber.read(slot)).frames === 0) {
			if (Date.now() > untilMs) throw new Error(`slot ${slot} shows nothing`);
			await sleep(50);
		}
	}
	await sleep(WARM_UP_MS);
	await subscriber.begin();
	await sleep(1000 * Number(values.seconds));
	const { latenciesMs, longestGapMs, forMs, heights } = await subscriber.read();
	printRow("stage-latency", {
		people: OTHERS.length + 2,
		seconds: round(forMs / 1000, 0),
		framesPerSecond: round((1000 * latenciesMs.length) / forMs, 1),
		heights: heights.map(({ height }) => height).join(),
		p50Ms: round(percentile(latenciesMs, 0.5), 0),
		p95Ms: round(percentile(latenciesMs, 0.95), 0),
		longestGapMs: round(longestGapMs, 0),
	});
} finally {
	for (const other of others) other.close();
	await browser.close();
	await server.close();
}
// libdatachannel would keep the process.
process.exit();

/**
 * The stage over bad networks: Chromium publishes simulcast and Chromium watches, each behind a link of its own that loses,
 * delays and squeezes. `via: direct` is a control: the same two browsers over the same link with no server between them.
 * Options: --only loss,squeeze,outage,sync; --seconds 120.
 */
import { parseArgs } from "node:util";
import { startIngest } from "../../ingest/test-support/ingest-server.ts";
import { record } from "../../transcoder/test-support/feed.ts";
import { launchChromium } from "../support/chromium.ts";
import { NetworkLink } from "../support/network-link.ts";
import { StagePeer } from "../support/stage/stage-peer.ts";
import { HIGH, LOW, StageScene, soundDelayMs } from "../support/stage/stage-scene.ts";
import { RecordedPublisher } from "./support/recorded-publisher.ts";
import { percentile, printRow, round } from "./support/row.ts";

const BAD = { loss: 0.05, delayMs: 40, jitterMs: 30 };
const SQUEEZED = { bitsPerSecond: 600_000 };
const SETTLING_MS = 10_000;
const OUTAGE_MS = 3_000;
const RECORDED_PACKETS_A_SECOND = 150;

const { values } = parseArgs({
	options: {
		only: { type: "string", default: "loss,squeeze,outage,sync" },
		seconds: { type: "string", default: "120" },
	},
});
const only = values.only.split(",");
const forMs = 1000 * Number(values.seconds);

async function withScene(open: () => Promise<StageScene>, measure: (scene: StageScene) => Promise<void>) {
	const scene = await open();
	try {
		await measure(scene);
	} finally {
		await scene.close();
	}
}

async function loss(via: string, where: "downlink" | "uplink", scene: StageScene): Promise<void> {
	scene[where].become(BAD);
	// From one moment to the next it is another network, and senders take the longer way for a queue at first.
	const settling = await scene.watch(SETTLING_MS);
	const viewing = await scene.watch(forMs);
	printRow("network-loss", {
		via,
		where,
		gapAtChangeMs: round(settling.longestGapMs, 0),
		longestGapMs: round(viewing.longestGapMs, 0),
		framesPerSecond: round((1000 * viewing.frames) / viewing.forMs, 1),
		latencyP50Ms: round(percentile(viewing.latenciesMs, 0.5), 0),
		latencyP95Ms: round(percentile(viewing.latenciesMs, 0.95), 0),
		heights: viewing.heights.map(({ height }) => height).join(),
		concealedPercent: round(100 * (await scene.concealedShare()), 2),
	});
}

async function squeeze(scene: StageScene): Promise<void> {
	await scene.watch(5_000);
	await scene.subscriber.begin();
	scene.downlink.become(SQUEEZED);
	const squeezedMs = Date.now();
	await scene.seen(({ heights }) => heights.at(-1)?.height === LOW, "the lower layer");
	const lowerAfterMs = Date.now() - squeezedMs;
	const { longestGapMs } = await scene.watch(10_000);
	scene.downlink.become({});
	const releasedMs = Date.now();
	await scene.seen(({ heights }) => heights.at(-1)?.height === HIGH, "the higher layer");
	const backAfterMs = Date.now() - releasedMs;
	printRow("network-squeeze", { lowerAfterMs, longestGapMs: round(longestGapMs, 0), backAfterMs });
}

async function sync(via: string, scene: StageScene): Promise<void> {
	const delay = async (forMs: number) => round(soundDelayMs(await scene.watch(forMs)), 0);
	const firstMs = await delay(10_000);
	await scene.watch(Math.max(0, 60_000 - 10_000));
	const after60sMs = await delay(10_000);
	for (const kind of ["audio", "video"] as const) {
		await scene.publisher.enable(kind, false);
		await scene.watch(2_000);
		await scene.publisher.enable(kind, true);
	}
	printRow("network-sync", { via, firstMs, after60sMs, afterTogglesMs: await delay(10_000) });
}

/** A publisher's path is cut while its sequence numbers wrap. */
async function outage(): Promise<void> {
	const server = await startIngest();
	const browser = await launchChromium();
	const uplink = await NetworkLink.open({ address: "127.0.0.1", port: server.mediaPort });
	// Two seconds from the start the link is cut for three; the wrap is in the middle of them.
	const sequence = 65_536 - Math.round(3.5 * RECORDED_PACKETS_A_SECOND);
	const recording = await record("VP8", "testsrc2=s=640x360:r=30");
	const publisher = new RecordedPublisher(recording, { sequence });
	try {
		await publisher.publish({ url: server.whip, token: await server.token("a"), link: uplink });
		const subscriber = await StagePeer.open(browser, server.origin);
		await subscriber.subscribe({ url: server.whep, token: await server.token("b") }, 1);
		while ((await subscriber.read()).frames === 0) await new Promise((resolve) => setTimeout(resolve, 50));
		publisher.restart(sequence);
		await new Promise((resolve) => setTimeout(resolve, 2_000));
		const before = publisher.sequence;
		uplink.become({ cut: true });
		await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
		const after = publisher.sequence;
		uplink.become({});
		const mendedMs = Date.now();
		await subscriber.begin();
		while ((await subscriber.read()).frames === 0) await new Promise((resolve) => setTimeout(resolve, 20));
		const pictureAfterMs = Date.now() - mendedMs;
		await subscriber.begin();
		await new Promise((resolve) => setTimeout(resolve, 5_000));
		const { longestGapMs } = await subscriber.read();
		printRow("network-outage", { before, after, pictureAfterMs, longestGapAfterwardsMs: round(longestGapMs, 0) });
	} finally {
		publisher.close();
		await browser.close();
		uplink.close();
		await server.close();
	}
}

if (only.includes("loss")) {
	for (const where of ["downlink", "uplink"] as const)
		await withScene(StageScene.open, (scene) => loss("rostrum", where, scene));
	await withScene(StageScene.openDirect, (scene) => loss("direct", "uplink", scene));
}
if (only.includes("squeeze")) await withScene(StageScene.open, squeeze);
if (only.includes("outage")) await outage();
if (only.includes("sync")) {
	await withScene(StageScene.open, (scene) => sync("rostrum", scene));
	await withScene(StageScene.openDirect, (scene) => sync("direct", scene));
}
// libdatachannel would keep the process.
process.exit();

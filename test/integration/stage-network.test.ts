import { afterEach, beforeEach, expect, test } from "vitest";
import { HIGH, LOW, StageScene, soundDelayMs } from "../support/stage/stage-scene.ts";

// The stage over bad networks. `npm run bench -- network` measures the same for longer, and beside two browsers alone.

let scene: StageScene;

beforeEach(async () => {
	scene = await StageScene.open();
});
afterEach(() => scene.close());

test("5 % loss and 30 ms of jitter on the downlink freeze nothing", async () => {
	scene.downlink.become({ loss: 0.05, delayMs: 40, jitterMs: 30 });
	const viewing = await scene.watch(20_000);
	// Not 300 ms: while the receiver's buffer gets used to it there was a gap of 350 ms, of a packet lost three times.
	expect(viewing.longestGapMs).toBeLessThan(500);
	expect(await scene.concealedShare()).toBeLessThan(0.05);
	// Not the whole time: loss is taken for congestion for a moment now and then.
	await scene.seen(({ heights }) => heights.at(-1)?.height === HIGH, "the higher layer");
});

test("5 % loss and 30 ms of jitter on the uplink leave the stage seen and heard", async () => {
	scene.uplink.become({ loss: 0.05, delayMs: 40, jitterMs: 30 });
	const viewing = await scene.watch(20_000);
	// Not 300 ms: Chromium takes the jitter for congestion. It stops its higher layer, and has pictures left out of the
	// lower one (docs/benchmarks.md).
	expect(viewing.longestGapMs).toBeLessThan(1_500);
	expect(await scene.concealedShare()).toBeLessThan(0.05);
});

test("an outage of 3 s is over within 1 s of its end", async () => {
	scene.downlink.become({ cut: true });
	await scene.watch(3_000);
	scene.downlink.become({});
	const mendedMs = Date.now();
	await scene.subscriber.begin();
	await scene.seen(({ frames }) => frames > 0, "a picture");
	expect(Date.now() - mendedMs).toBeLessThan(1_000);
	expect((await scene.watch(5_000)).longestGapMs).toBeLessThan(500);
});

test("a squeezed downlink gets a lower layer, and the higher one again when it is wide", async () => {
	await scene.untilReceiving(900_000);
	scene.downlink.become({ bitsPerSecond: 600_000 });
	const squeezedMs = Date.now();
	await scene.seen(({ heights }) => heights.at(-1)?.height === LOW, "the lower layer");
	expect(Date.now() - squeezedMs).toBeLessThan(3_000);
	const squeezed = await scene.watch(8_000);
	expect(squeezed.heights.map(({ height }) => height)).toEqual([LOW]);
	expect(squeezed.longestGapMs).toBeLessThan(1_000);
	scene.downlink.become({});
	const releasedMs = Date.now();
	await scene.seen(({ heights }) => heights.at(-1)?.height === HIGH, "the higher layer");
	expect(Date.now() - releasedMs).toBeLessThan(15_000);
});

/**
 * Not 45 ms: receivers of libwebrtc leave up to 30 ms as they are, and of what is measured some 15 ms are the measuring, as
 * between two browsers without a server. The rest is for a busy machine, whose sound is buffered longer.
 */
const MAX_APART_MS = 80;

test("sound and picture stay together, also after a mute and a camera toggle", async () => {
	// Chromium reports of its sound every five seconds.
	await scene.watch(8_000);
	expect(Math.abs(soundDelayMs(await scene.watch(10_000)))).toBeLessThan(MAX_APART_MS);
	for (const kind of ["audio", "video"] as const) {
		await scene.publisher.enable(kind, false);
		await scene.watch(2_000);
		await scene.publisher.enable(kind, true);
	}
	expect(Math.abs(soundDelayMs(await scene.watch(10_000)))).toBeLessThan(MAX_APART_MS);
});

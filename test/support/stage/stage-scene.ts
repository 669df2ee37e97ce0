import type { Browser } from "playwright-core";
import { startIngest } from "../../../ingest/test-support/ingest-server.ts";
import { launchChromium } from "../chromium.ts";
import { NetworkLink } from "../network-link.ts";
import { type SentPicture, StagePeer, type Viewing } from "./stage-peer.ts";

/** What two cores encode, decode and still have time for the rest. */
export const stagePicture: SentPicture = {
	width: 640,
	height: 360,
	frameRate: 24,
	colour: "#246",
	encodings: [
		{ rid: "l", scaleResolutionDownBy: 2, maxBitrate: 150_000 },
		{ rid: "h", scaleResolutionDownBy: 1, maxBitrate: 1_200_000 },
	],
};
/** Lines of its two layers. */
export const [LOW, HIGH] = [180, 360];
const PATIENCE_MS = 60_000;

interface SceneParts {
	browser: Browser;
	publisher: StagePeer;
	subscriber: StagePeer;
	downlink: NetworkLink;
	uplink: NetworkLink;
	close(): Promise<void>;
}

/** One who publishes and one who watches, each behind a link of their own to the server; or directly linked, as a control. */
export class StageScene {
	readonly publisher: StagePeer;
	readonly subscriber: StagePeer;
	/** Between the subscriber and the server, and between the publisher and the server; one and the same without a server. */
	readonly downlink: NetworkLink;
	readonly uplink: NetworkLink;
	readonly #browser: Browser;
	readonly #close: () => Promise<void>;

	private constructor({ browser, publisher, subscriber, downlink, uplink, close }: SceneParts) {
		this.publisher = publisher;
		this.subscriber = subscriber;
		this.downlink = downlink;
		this.uplink = uplink;
		this.#browser = browser;
		this.#close = close;
	}

	/** When the subscriber has the best picture. */
	static async open(): Promise<StageScene> {
		const server = await startIngest();
		const browser = await launchChromium();
		const target = { address: "127.0.0.1", port: server.mediaPort };
		const downlink = await NetworkLink.open(target, 1);
		const uplink = await NetworkLink.open(target, 2);
		const publisher = await StagePeer.open(browser, server.origin);
		await publisher.publish({ url: server.whip, token: await server.token("a"), link: uplink }, stagePicture);
		const subscriber = await StagePeer.open(browser, server.origin);
		await subscriber.subscribe({ url: server.whep, token: await server.token("b"), link: downlink }, 2);
		const close = () => server.close();
		return StageScene.#begin({ browser, publisher, subscriber, downlink, uplink, close });
	}

	/** The same two browsers with nothing of ours between them: what is their own doing. */
	static async openDirect(): Promise<StageScene> {
		const server = await startIngest(); // for its origin, which is a secure context
		const browser = await launchChromium();
		const publisher = await StagePeer.open(browser, server.origin);
		const subscriber = await StagePeer.open(browser, server.origin);
		const encodings = stagePicture.encodings.slice(-1).map(({ rid: _, ...encoding }) => encoding);
		const link = await StagePeer.connect(publisher, subscriber, { ...stagePicture, encodings });
		const close = () => server.close();
		return StageScene.#begin({ browser, publisher, subscriber, downlink: link, uplink: link, close });
	}

	static async #begin(parts: SceneParts): Promise<StageScene> {
		const scene = new StageScene(parts);
		try {
			await scene.seen(({ heights }) => heights.at(-1)?.height === HIGH, "the top layer");
			await scene.subscriber.begin();
			return scene;
		} catch (error) {
			await scene.close();
			throw error;
		}
	}

	/** What the subscriber saw once `check` holds of it. */
	async seen(check: (viewing: Viewing) => boolean, what: string): Promise<Viewing> {
		const untilMs = Date.now() + PATIENCE_MS;
		for (;;) {
			const viewing = await this.subscriber.read();
			if (check(viewing)) return viewing;
			if (Date.now() > untilMs) throw new Error(`${what} did not come: ${JSON.stringify(viewing.heights)}`);
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	}

	/** Waits until the picture comes at so many bits a second: a browser's encoder takes seconds to get there. */
	async untilReceiving(bitsPerSecond: number): Promise<void> {
		const untilMs = Date.now() + PATIENCE_MS;
		for (let [before, beforeMs] = [await this.#videoBytes(), Date.now()]; ; ) {
			await new Promise((resolve) => setTimeout(resolve, 1_000));
			const [bytes, nowMs] = [await this.#videoBytes(), Date.now()];
			const rate = ((bytes - before) * 8000) / (nowMs - beforeMs);
			if (rate >= bitsPerSecond) return;
			if (nowMs > untilMs) throw new Error(`the picture comes at ${Math.round(rate)} bit/s`);
			[before, beforeMs] = [bytes, nowMs];
		}
	}

	async #videoBytes(): Promise<number> {
		const received = (await this.subscriber.stats()).filter(
			({ type, kind }) => type === "inbound-rtp" && kind === "video",
		);
		return received.reduce((sum, { bytesReceived }) => sum + Number(bytesReceived ?? 0), 0);
	}

	async watch(forMs: number): Promise<Viewing> {
		await this.subscriber.begin();
		await new Promise((resolve) => setTimeout(resolve, forMs));
		return this.subscriber.read();
	}

	/** Of the sound so far; as `concealedSamples` of WebRTC. */
	async concealedShare(): Promise<number> {
		const audio = (await this.subscriber.stats()).find(({ type, kind, totalSamplesReceived = 0 }) => {
			return type === "inbound-rtp" && kind === "audio" && Number(totalSamplesReceived) > 0;
		});
		return Number(audio?.["concealedSamples"]) / Number(audio?.["totalSamplesReceived"]);
	}

	async close(): Promise<void> {
		await this.#browser.close();
		this.downlink.close();
		if (this.uplink !== this.downlink) this.uplink.close();
		await this.#close();
	}
}

/** Of each flash, how much later its beep was heard; the middle of them, NaN without any. */
export function soundDelayMs({ flashes, beeps }: Viewing): number {
	const delays = flashes.flatMap((flash) => {
		const beep = beeps.find((heard) => Math.abs(heard - flash) < 500);
		return beep === undefined ? [] : [beep - flash];
	});
	return delays.sort((a, b) => a - b)[Math.floor(delays.length / 2)] ?? Number.NaN;
}

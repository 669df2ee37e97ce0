import type { Browser, Page } from "playwright-core";
import { withSoundRepair } from "../../../src/lib/studio/sound-repair.ts";
import { NetworkLink } from "../network-link.ts";

/** What an element showed since `begin()`. Times are of the wall clock, in milliseconds. */
export interface Shown {
	frames: number;
	/** Longest time for which the picture stood still. */
	longestGapMs: number;
	/** From the publisher's drawing of each picture to its being shown. */
	latenciesMs: number[];
	/** Each change of the picture's height. */
	heights: { height: number; atMs: number }[];
	forMs: number;
}

/** What one slot showed and sounded like. */
export interface Viewing extends Shown {
	/** When the flashes and the beeps, made at the same instants, were seen and heard. */
	flashes: number[];
	beeps: number[];
}

export interface SentPicture {
	width: number;
	height: number;
	frameRate: number;
	/** Of CSS. */
	colour: string;
	/** RTCRtpEncodingParameters; several are simulcast. */
	encodings: { rid?: string; scaleResolutionDownBy?: number; maxBitrate: number }[];
}

interface Endpoint {
	url: string;
	token: string;
	/** The only way to the server, when given. */
	link?: NetworkLink;
}

/** One WebRTC peer of the stage in a real browser; its picture carries the time, and flashes with a beep. */
export class StagePeer {
	readonly #page: Page;
	readonly #peer: number;
	session = "";

	private constructor(page: Page, peer: number) {
		this.#page = page;
		this.#peer = peer;
	}

	/** `origin`: any page there is a secure context, as a worklet needs. `configuration`: of the RTCPeerConnection. */
	static async open(browser: Browser, origin: string, configuration = {}): Promise<StagePeer> {
		const page = await browser.newPage();
		await page.goto(origin);
		for (const script of ["../burnt-clock.js", "stage-page.js"])
			await page.addScriptTag({ path: new URL(script, import.meta.url).pathname });
		const peer = await page.evaluate(`openPeer(${JSON.stringify(configuration)})`);
		return new StagePeer(page, peer as number);
	}

	async publish(to: Endpoint, picture: SentPicture): Promise<void> {
		await this.#negotiate(to, await this.#call<string>("publish", picture));
	}

	/** Audio and video for each slot. */
	async subscribe(to: Endpoint, slots: number): Promise<void> {
		await this.#negotiate(to, await this.#call<string>("subscribe", { slots }));
	}

	/** Without a server: the link they are joined by. `up` is from the subscriber to the publisher. */
	static async connect(publisher: StagePeer, subscriber: StagePeer, picture: SentPicture): Promise<NetworkLink> {
		const offer = await publisher.#call<string>("publish", picture);
		const [, address = "", port] = /^a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host/m.exec(offer) ?? [];
		const link = await NetworkLink.open({ address, port: Number(port) }, 3);
		const answer = await subscriber.#call<string>("view", link.rewrite(offer));
		// It learns of the other one by the link.
		await publisher.#call("answer", answer.replace(/^a=candidate:.*\r\n/gm, ""));
		await publisher.#call("connected");
		return link;
	}

	stats(): Promise<Record<string, unknown>[]> {
		return this.#call("stats");
	}

	enable(kind: "audio" | "video", enabled: boolean): Promise<void> {
		return this.#call("enable", kind, enabled);
	}

	/** Forgets what was seen so far. */
	async begin(slot = 0): Promise<void> {
		await this.#page.evaluate(`peers[${this.#peer}].views[${slot}].begin()`);
	}

	async read(slot = 0): Promise<Viewing> {
		return (await this.#page.evaluate(`peers[${this.#peer}].views[${slot}].read()`)) as Viewing;
	}

	async close(): Promise<void> {
		await this.#call("close");
		await this.#page.close();
	}

	async #negotiate({ url, token, link }: Endpoint, offer: string): Promise<void> {
		const headers = { "content-type": "application/sdp", authorization: `Bearer ${token}` };
		const response = await fetch(url, { method: "POST", headers, body: withSoundRepair(offer) });
		const answer = await response.text();
		if (response.status !== 201) throw new Error(`${url} answered ${response.status}: ${answer}`);
		this.session = response.headers.get("location") ?? "";
		await this.#call("answer", link?.rewrite(answer) ?? answer);
		await this.#call("connected");
	}

	async #call<T>(method: string, ...args: unknown[]): Promise<T> {
		const given = args.map((argument) => JSON.stringify(argument)).join();
		return (await this.#page.evaluate(`peers[${this.#peer}].${method}(${given})`)) as T;
	}
}

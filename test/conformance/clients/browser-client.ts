import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ForeignPage, startForeignPage } from "../../support/foreign-page.ts";
import type {
	ClientDescription,
	MediaClient,
	MediaPeer,
	PageAnswer,
	PageRequest,
	PlayOptions,
	PublishOptions,
	Received,
	SentLayer,
} from "./media-client.ts";

/** A page of a browser, however that is driven. */
export interface BrowserPage {
	open(url: string): Promise<void>;
	/** Where a publisher's sound is from. */
	readonly sound: "oscillator" | "microphone";
	/** Evaluates JavaScript and waits for its promise. The result is a string. */
	evaluate(expression: string): Promise<string>;
	/** Ends the browser. */
	close(): Promise<void>;
}

/** A browser as a client: all of its connections live in one page, on a site that is not the server's. */
export async function createBrowserClient(description: ClientDescription, page: BrowserPage): Promise<MediaClient> {
	const site: ForeignPage = await startForeignPage("<!doctype html><title>Conformance</title>");
	async function close(): Promise<void> {
		await page.close();
		await site.close();
	}
	async function call<T>(method: string, ...args: unknown[]): Promise<T> {
		const list = [method, ...args].map((value) => JSON.stringify(value) ?? "undefined").join(", ");
		return JSON.parse(await page.evaluate(`conformance(${list}).then((it) => JSON.stringify(it ?? null))`)) as T;
	}
	try {
		await page.open(site.url);
		await page.evaluate(`${await readFile(join(import.meta.dirname, "page-peer.js"), "utf8")};""`);
	} catch (error) {
		await close();
		throw error;
	}
	return {
		...description,
		fetchFromPage: (url: string, request: PageRequest) => call<PageAnswer>("fetch", url, request),
		close,
		async createPeer(): Promise<MediaPeer> {
			const id = await call<number>("createPeer", page.sound);
			return {
				offerToPublish: (options: PublishOptions) => call<string>("offerToPublish", id, options),
				offerToPlay: (options: PlayOptions) => call<string>("offerToPlay", id, options),
				offerIceRestart: () => call<string>("offerIceRestart", id),
				applyAnswer: (sdp: string) => call<void>("applyAnswer", id, sdp),
				connected: () => call<void>("connected", id),
				received: () => call<Received>("received", id),
				videoSent: () => call<SentLayer[]>("videoSent", id),
				hasNewPath: () => call<boolean>("hasNewPath", id),
				close: () => call<void>("close", id),
			};
		},
	};
}

import type { Findings } from "./finding.ts";
import type { HttpClient } from "./http-client.ts";
import { listedSeconds, type MediaPlaylist } from "./parse-playlist.ts";

interface Removed {
	uri: string;
	/** `performance.now()` until which it must be fetchable. */
	untilMs: number;
}

/** Of those whose time is not over at the end of a validation. */
const ASKED_AT_END = 10;

/** Watches that segments which left a playlist can still be fetched, for as long as a client may come for them. */
export class Retention {
	readonly #name: string;
	readonly #url: URL;
	readonly #client: HttpClient;
	readonly #findings: Findings;
	/** In the order of removal. */
	#removed: Removed[] = [];
	#longestMs = 0;
	#toleranceMs = 0;

	constructor(name: string, url: URL, client: HttpClient, findings: Findings) {
		this.#name = name;
		this.#url = url;
		this.#client = client;
		this.#findings = findings;
	}

	/** Notes what left the playlist, and asks for it, and for what was removed so long ago that it may soon be gone. */
	async update(before: MediaPlaylist, after: MediaPlaylist): Promise<void> {
		this.#longestMs = Math.max(this.#longestMs, listedSeconds(before.segments) * 1000);
		this.#toleranceMs = after.targetDuration * 1000;
		const nowMs = performance.now();
		const due = this.#removed.filter(({ untilMs }) => untilMs - this.#toleranceMs <= nowMs);
		if (due.length > 0) this.#removed = this.#removed.slice(due.length);
		for (const { msn, uri, duration, gap } of before.segments) {
			if (msn >= after.mediaSequence) break;
			if (uri === undefined || gap) continue;
			const removed = { uri, untilMs: nowMs + duration * 1000 + this.#longestMs };
			this.#removed.push(removed);
			await this.#ask(removed);
		}
		for (const removed of due) await this.#ask(removed);
	}

	/** Asks for some that must still be there. */
	async close(): Promise<void> {
		const nowMs = performance.now();
		const kept = this.#removed.filter(({ untilMs }) => untilMs - this.#toleranceMs > nowMs);
		for (const removed of kept.slice(0, ASKED_AT_END)) await this.#ask(removed);
	}

	async #ask({ uri, untilMs }: Removed): Promise<void> {
		const lateMs = performance.now() - untilMs;
		const { status } = await this.#client.get(new URL(uri, this.#url), {}, "HEAD");
		// What took so long that its time has come says nothing.
		if (lateMs > 0) return;
		const left = Math.round(-lateMs / 1000);
		this.#findings.expect(status === 200, 18, `${this.#name}: ${uri}, removed, gives ${status} ${left} s too early`);
	}
}

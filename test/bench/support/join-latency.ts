import { setTimeout as delay } from "node:timers/promises";
import { HttpClient } from "../../support/hls/http-client.ts";
import {
	type MediaPlaylist,
	newestPosition,
	parseMediaPlaylist,
	segmentSeconds,
} from "../../support/hls/parse-playlist.ts";
import { percentile, round } from "./row.ts";

const INTERVAL_MS = 170; // of no length of a part or a segment a multiple
/** Whatever takes longer has waited for a part. */
const NO_WAIT_MS = 50;

/** Comes to a live stream again and again, and reckons how far behind the camera a player that comes then will play. */
export class JoinLatency {
	readonly #url: URL;
	readonly #client = new HttpClient();
	readonly #latenciesMs: number[] = [];
	readonly #observing: Promise<void>;
	#ending = false;

	private constructor(url: URL) {
		this.#url = url;
		this.#observing = this.#observe();
	}

	/** `url`: of a media playlist. */
	static observe(url: URL): JoinLatency {
		return new JoinLatency(url);
	}

	/** p50 and p99. */
	async end(): Promise<string> {
		this.#ending = true;
		await this.#observing;
		this.#client.close();
		return [0.5, 0.99].map((share) => round(percentile(this.#latenciesMs, share), 0)).join(", ");
	}

	async #observe(): Promise<void> {
		while (!this.#ending) {
			const playlist = await this.#newest();
			const last = playlist.segments.at(-1);
			const endMs = (last?.startMs ?? Number.NaN) + (last ? segmentSeconds(last) : 0) * 1000;
			const { "PART-HOLD-BACK": parts, "HOLD-BACK": segments } = playlist.control;
			const holdBackMs = 1000 * Number(parts ?? segments ?? 3 * playlist.targetDuration);
			this.#latenciesMs.push(Date.now() - endMs + holdBackMs);
			await delay(INTERVAL_MS);
		}
	}

	/** As far as reloads get without waiting, and one on: the first may come from a cache. */
	async #newest(): Promise<MediaPlaylist> {
		let { playlist } = await this.#read();
		for (let waitedMs = 0; playlist.partTarget !== undefined && waitedMs < NO_WAIT_MS; ) {
			const { msn, part } = newestPosition(playlist);
			({ playlist, waitedMs } = await this.#read(`?_HLS_msn=${msn}&_HLS_part=${part + 1}`));
		}
		return playlist;
	}

	async #read(query = ""): Promise<{ playlist: MediaPlaylist; waitedMs: number }> {
		const { status, body, tookMs } = await this.#client.get(new URL(query, this.#url));
		if (status !== 200) throw new Error(`the playlist gives ${status}`);
		return { playlist: parseMediaPlaylist(body.toString()), waitedMs: tookMs };
	}
}

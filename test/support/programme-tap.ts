import { deadline } from "./deadline.ts";
import { type DecodedMedia, decodeMedia } from "./decode-media.ts";
import { type ListedSegment, type MediaPlaylist, readMediaPlaylist, readMultivariant } from "./hls-playlist.ts";

export interface TappedSegment extends ListedSegment {
	init: Buffer;
	bytes: Buffer;
}

/** One answer to a blocking reload. */
export interface PlaylistUpdate {
	/** performance.now() at its arrival. */
	atMs: number;
	playlist: MediaPlaylist;
}

const RETRY_MS = 100;
const WAIT_MS = 30_000;

/** A player without a screen: follows one rendition by blocking reloads and keeps every segment and every playlist it saw. */
export class ProgrammeTap {
	readonly segments: TappedSegment[] = [];
	readonly updates: PlaylistUpdate[] = [];
	readonly #playlistUrl: string;
	readonly #inits = new Map<string, Buffer>();
	readonly #closing = new AbortController();
	readonly #waiting = new Set<() => void>();
	#running: Promise<void> = Promise.resolve();
	#failure: unknown;

	private constructor(playlistUrl: string) {
		this.#playlistUrl = playlistUrl;
	}

	/** Follows the variant of `height` of a webinar from its newest segment on. Waits until the programme is there. */
	static async start({
		baseUrl,
		webinarId,
		height = 360,
	}: {
		baseUrl: string;
		webinarId: string;
		height?: number;
	}): Promise<ProgrammeTap> {
		const { variants } = await fetchMultivariant(baseUrl, webinarId);
		const variant = variants.find((one) => one.height === height);
		if (!variant) throw new Error(`no variant of height ${height}`);
		const tap = new ProgrammeTap(variant.url);
		tap.#running = tap.#follow().catch((error: unknown) => {
			tap.#failure = error;
			tap.#wake();
		});
		return tap;
	}

	get ended(): boolean {
		return this.updates.at(-1)?.playlist.ended ?? false;
	}

	get lastSequence(): number {
		return this.segments.at(-1)?.sequence ?? 0;
	}

	/** Waits for something that a later segment or playlist brings. */
	async until<T>(look: () => T | undefined | false, what: string, milliseconds = WAIT_MS): Promise<T> {
		const stop = new AbortController();
		const found = (async () => {
			while (!stop.signal.aborted) {
				if (this.#failure) throw this.#failure;
				const value = look();
				if (value !== undefined && value !== false) return value;
				const { promise, resolve } = Promise.withResolvers<void>();
				this.#waiting.add(resolve);
				await promise;
			}
			throw new Error("given up");
		})();
		found.catch(() => {}); // told to whoever waits below
		try {
			return await deadline(
				found,
				milliseconds,
				() => `${what}; the last playlist was\n${this.updates.at(-1)?.playlist.text}`,
			);
		} finally {
			stop.abort();
		}
	}

	/** Decodes the next `count` segments that are complete from now on. */
	async next(count: number): Promise<DecodedMedia> {
		const from = this.segments.length;
		await this.until(() => this.segments.length >= from + count, `${count} more segments`, WAIT_MS + count * 2000);
		return await decodeSegments(this.segments.slice(from, from + count));
	}

	/** Decodes each new segment until one fits. */
	async untilShown(
		fits: (media: DecodedMedia) => boolean,
		what: string,
		milliseconds = WAIT_MS,
	): Promise<DecodedMedia> {
		const endsAtMs = performance.now() + milliseconds;
		let at = this.segments.length;
		while (true) {
			const wait = Math.max(1, endsAtMs - performance.now());
			const segment = await this.until(() => this.segments[at], what, wait);
			const media = await decodeSegments([segment]);
			if (fits(media)) return media;
			at++;
		}
	}

	async close(): Promise<void> {
		this.#closing.abort();
		await this.#running;
	}

	async #follow(): Promise<void> {
		let query = "";
		while (!this.#closing.signal.aborted) {
			const playlist = await this.#fetchPlaylist(query);
			if (!playlist) continue;
			this.updates.push({ atMs: performance.now(), playlist });
			await this.#fetchNew(playlist);
			this.#wake();
			if (playlist.ended) return;
			const next = playlist.firstSequence + playlist.segments.length;
			query = `?_HLS_msn=${next}&_HLS_part=${playlist.openParts}`;
		}
	}

	async #fetchPlaylist(query: string): Promise<MediaPlaylist | undefined> {
		const answer = await fetch(this.#playlistUrl + query, { signal: this.#closing.signal }).catch(() => undefined);
		const text = await answer?.text().catch(() => undefined);
		if (answer?.ok && text !== undefined) return readMediaPlaylist(text, this.#playlistUrl);
		if (!this.#closing.signal.aborted) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
		return undefined;
	}

	async #fetchNew(playlist: MediaPlaylist): Promise<void> {
		const fresh = this.segments.length === 0 ? playlist.segments.slice(-1) : playlist.segments;
		for (const listed of fresh) {
			if (listed.sequence <= this.lastSequence || this.#closing.signal.aborted) continue;
			const init = this.#inits.get(listed.initUrl) ?? (await fetchBytes(listed.initUrl));
			this.#inits.set(listed.initUrl, init);
			this.segments.push({ ...listed, init, bytes: await fetchBytes(listed.url) });
		}
	}

	#wake(): void {
		for (const resolve of this.#waiting) resolve();
		this.#waiting.clear();
	}
}

/** The multivariant playlist of a webinar, waited for. */
export async function fetchMultivariant(baseUrl: string, webinarId: string) {
	const url = `${baseUrl}/live/${webinarId}/index.m3u8`;
	const endsAtMs = performance.now() + WAIT_MS;
	while (true) {
		const answer = await fetch(url);
		const text = await answer.text();
		if (answer.ok && text.includes("#EXT-X-STREAM-INF")) return readMultivariant(text, url);
		if (performance.now() > endsAtMs) throw new Error(`${url} was answered with ${answer.status}: ${text}`);
		await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
	}
}

/** @throws Error when what is listed cannot be had, which no player should meet */
async function fetchBytes(url: string): Promise<Buffer> {
	const answer = await fetch(url);
	if (!answer.ok) throw new Error(`${url} is listed, but was answered with ${answer.status}`);
	return Buffer.from(await answer.arrayBuffer());
}

async function decodeSegments(segments: TappedSegment[]): Promise<DecodedMedia> {
	const pieces: Buffer[] = [];
	let init: Buffer | undefined;
	for (const segment of segments) {
		if (segment.init !== init) pieces.push(segment.init);
		init = segment.init;
		pieces.push(segment.bytes);
	}
	return await decodeMedia(Buffer.concat(pieces));
}

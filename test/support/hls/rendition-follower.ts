import type { Findings } from "./finding.ts";
import type { HttpClient } from "./http-client.ts";
import type { FetchedSegment } from "./media-rules.ts";
import { type MediaPlaylist, newestPosition, parseMediaPlaylist } from "./parse-playlist.ts";
import { checkPlaylist } from "./playlist-rules.ts";
import { checkUpdate } from "./update-rules.ts";

/** Follows one rendition by blocking reloads, as a player does, and fetches all media it lists. */
export class RenditionFollower {
	readonly name: string;
	readonly url: URL;
	readonly #client: HttpClient;
	readonly #findings: Findings;
	readonly #media = new Map<string, Buffer>();
	/** Segments that were whole, in order. */
	readonly segments: FetchedSegment[] = [];
	/** The newest version, or undefined before the first. */
	playlist: MediaPlaylist | undefined;

	constructor(name: string, url: URL, client: HttpClient, findings: Findings) {
		this.name = name;
		this.url = url;
		this.#client = client;
		this.#findings = findings;
	}

	/** Until the end of the programme, or of the time. */
	async follow(untilMs: number): Promise<void> {
		while (performance.now() < untilMs && !this.playlist?.ended) {
			if (!(await this.#reload())) return;
		}
	}

	async #reload(): Promise<boolean> {
		const address = new URL(this.url);
		if (this.playlist) {
			const { msn, part } = newestPosition(this.playlist);
			address.searchParams.set("_HLS_msn", `${msn}`);
			address.searchParams.set("_HLS_part", `${part + 1}`);
		}
		const { status, body } = await this.#client.get(address);
		if (status !== 200) {
			this.#findings.add(23, `${this.name}: ${status} for ${address.search || "the playlist"}`);
			return false;
		}
		const playlist = parseMediaPlaylist(body.toString());
		checkPlaylist(this.name, playlist, this.#findings);
		if (this.playlist) checkUpdate(this.name, this.playlist, playlist, this.#findings);
		const isFirst = this.playlist === undefined;
		if (this.playlist && !playlist.ended && !isLater(playlist, this.playlist)) {
			this.#findings.add(23, `${this.name}: an answer without what it was to wait for`);
			await new Promise((resolve) => setTimeout(resolve, 300)); // such a server must be asked gently
		}
		this.playlist = playlist;
		await this.#fetchNew(playlist, isFirst);
		return true;
	}

	async #fetchNew({ segments }: MediaPlaylist, isFirst: boolean): Promise<void> {
		// Of what was there before, the parts would do, but a segment is compared with all of its parts.
		const from = isFirst
			? (segments.find(({ parts }) => parts.length > 0)?.msn ?? 0)
			: (this.segments.at(-1)?.segment.msn ?? 0) + 1;
		for (const segment of segments.filter(({ msn }) => msn >= from)) {
			const parts: Buffer[] = [];
			for (const { uri, gap } of segment.parts) if (!gap) parts.push(await this.#fetch(uri));
			if (segment.uri === undefined) continue;
			const init = segment.map === undefined ? Buffer.alloc(0) : await this.#fetch(segment.map);
			this.segments.push({ segment, init, bytes: await this.#fetch(segment.uri), parts });
		}
	}

	async #fetch(uri: string): Promise<Buffer> {
		const known = this.#media.get(uri);
		if (known) return known;
		const { status, body } = await this.#client.get(new URL(uri, this.url));
		this.#findings.expect(status === 200, 17, `${this.name}: ${uri} is listed, but gives ${status}`);
		this.#media.set(uri, body);
		return body;
	}
}

function isLater(playlist: MediaPlaylist, before: MediaPlaylist): boolean {
	const [now, then] = [newestPosition(playlist), newestPosition(before)];
	return now.msn > then.msn || (now.msn === then.msn && now.part > then.part);
}

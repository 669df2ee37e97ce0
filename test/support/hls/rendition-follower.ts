import { applyDelta } from "./delta-rules.ts";
import type { Findings } from "./finding.ts";
import type { HttpClient } from "./http-client.ts";
import { MediaJudge } from "./media-rules.ts";
import { type MediaPlaylist, newestPosition, type PlaylistSegment, parseMediaPlaylist } from "./parse-playlist.ts";
import { checkPlaylist } from "./playlist-rules.ts";
import { Retention } from "./retention.ts";
import { checkUpdate } from "./update-rules.ts";

/** Old segments of a long playlist that are fetched, of however many. */
const SAMPLES = 6;

/** A whole segment that was fetched. */
export interface MeasuredSegment {
	msn: number;
	/** Seconds. */
	duration: number;
	byteLength: number;
}

/**
 * Follows one rendition by blocking reloads, as a player does, with delta updates where they are offered, and fetches all
 * media that is new in it. What was there before is sampled.
 */
export class RenditionFollower {
	readonly name: string;
	readonly url: URL;
	readonly #client: HttpClient;
	readonly #findings: Findings;
	readonly #judge: MediaJudge;
	readonly #retention: Retention;
	/** What will be needed again: parts of the open segment, and the current initialization section. */
	readonly #media = new Map<string, Buffer>();
	#updatedMs = 0;
	/** Whole segments, in order. */
	readonly segments: MeasuredSegment[] = [];
	partCount = 0;
	/** The newest version, or undefined before the first. */
	playlist: MediaPlaylist | undefined;

	constructor(name: string, url: URL, client: HttpClient, findings: Findings) {
		this.name = name;
		this.url = url;
		this.#client = client;
		this.#findings = findings;
		this.#judge = new MediaJudge(name, findings);
		this.#retention = new Retention(name, url, client, findings);
	}

	/** Until the end of the programme, or of the time. */
	async follow(untilMs: number): Promise<void> {
		try {
			while (performance.now() < untilMs && !this.playlist?.ended) {
				if (!(await this.#reload())) return;
			}
			await this.#retention.close();
		} catch (error) {
			this.#findings.add(23, `${this.name}: no answer any more (${(error as Error).message})`);
		}
	}

	async #reload(): Promise<boolean> {
		const before = this.playlist;
		const address = this.#nextAddress();
		const { status, body, retried } = await this.#client.get(address);
		if (status !== 200) {
			this.#findings.add(23, `${this.name}: ${status} for ${address.search || "the playlist"}`);
			return false;
		}
		const answer = parseMediaPlaylist(body.toString());
		const playlist = before ? applyDelta(this.name, before, answer, this.#findings) : answer;
		this.#updatedMs = performance.now();
		checkPlaylist(this.name, playlist, this.#findings, before ? newestPosition(before).msn : 0);
		if (before) {
			checkUpdate(this.name, before, playlist, this.#findings, { afterOutage: retried });
			if (!playlist.ended && !isLater(playlist, before)) {
				this.#findings.add(23, `${this.name}: an answer without what it was to wait for`);
				await new Promise((resolve) => setTimeout(resolve, 300)); // such a server must be asked gently
			}
		}
		this.playlist = playlist;
		if (!before) await this.#sampleOld(playlist);
		await this.#fetchNew(playlist);
		if (before) await this.#retention.update(before, playlist);
		return true;
	}

	#nextAddress(): URL {
		const address = new URL(this.url);
		if (!this.playlist) return address;
		const { msn, part } = newestPosition(this.playlist);
		address.searchParams.set("_HLS_msn", `${msn}`);
		address.searchParams.set("_HLS_part", `${part + 1}`);
		// A playlist older than half of what may be skipped is no ground for a delta (rfc8216bis section 6.3.7).
		const freshMs = (Number(this.playlist.control["CAN-SKIP-UNTIL"] ?? 0) / 2) * 1000;
		if (performance.now() - this.#updatedMs < freshMs) address.searchParams.set("_HLS_skip", "YES");
		return address;
	}

	async #sampleOld({ segments }: MediaPlaylist): Promise<void> {
		const old = segments.filter(({ uri, parts, gap }) => uri !== undefined && parts.length === 0 && !gap);
		const step = Math.max(1, Math.floor(old.length / SAMPLES));
		for (let at = 0; at < old.length; at += step) {
			const segment = old[at];
			if (segment) await this.#fetchSegment(segment, [], new MediaJudge(this.name, this.#findings));
		}
	}

	async #fetchNew({ segments }: MediaPlaylist): Promise<void> {
		// Of what was there before, the parts would do, but a segment is compared with all of its parts.
		const last = this.segments.at(-1);
		const from = last
			? last.msn + 1
			: (segments.find(({ parts }) => parts.length > 0)?.msn ?? Number.POSITIVE_INFINITY);
		for (const segment of segments.slice(Math.max(0, from - (segments[0]?.msn ?? 0)))) {
			const parts: Buffer[] = [];
			for (const { uri, gap } of segment.parts) if (!gap) parts.push(await this.#fetch(uri));
			if (segment.uri === undefined) continue;
			if (segment.gap) this.#judge.miss();
			const byteLength = segment.gap ? 0 : await this.#fetchSegment(segment, parts, this.#judge);
			this.partCount += parts.length;
			this.segments.push({ msn: segment.msn, duration: segment.duration, byteLength });
			for (const uri of this.#media.keys()) if (uri !== segment.map) this.#media.delete(uri);
		}
	}

	async #fetchSegment(segment: PlaylistSegment, parts: Buffer[], judge: MediaJudge): Promise<number> {
		const init = segment.map === undefined ? Buffer.alloc(0) : await this.#fetch(segment.map);
		const bytes = await this.#fetch(segment.uri ?? "");
		judge.add({ segment, init, bytes, parts });
		return bytes.length;
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

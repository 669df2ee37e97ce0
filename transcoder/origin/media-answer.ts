import type { ArchivedMedia } from "../publication.ts";
import { Answer, type FileRange } from "./answer.ts";

/** Longer than anything here is asked for; a name is never used for other bytes. */
const CACHE_CONTROL = "max-age=86400, immutable";

/** Media that is in memory, whole or in ranges. */
export class MediaAnswer {
	readonly #contentType: string;
	readonly #chunks: Buffer[];
	/** What nearly everyone asks for. */
	#whole: Answer | undefined;

	constructor(contentType: string, chunks: Buffer[]) {
		this.#contentType = contentType;
		this.#chunks = chunks;
	}

	/** `range`: the header of that name (RFC 9110 section 14). */
	answer(range: string | undefined): Answer {
		this.#whole ??= whole(this.#contentType, this.#chunks);
		if (range === undefined) return this.#whole;
		const cut = (first: number, end: number) => [Buffer.concat(this.#chunks).subarray(first, end)];
		return ranged(this.#whole, this.#contentType, range, cut);
	}
}

/** Media of a file, whole or in ranges. */
export function archivedAnswer({ path, length, contentType }: ArchivedMedia, range: string | undefined): Answer {
	const all = whole(contentType, { path, first: 0, length });
	if (range === undefined) return all;
	return ranged(all, contentType, range, (first, end) => ({ path, first, length: end - first }));
}

function mediaHeaders(contentType: string) {
	return { "content-type": contentType, "cache-control": CACHE_CONTROL, "accept-ranges": "bytes" };
}

function whole(contentType: string, body: Buffer[] | FileRange): Answer {
	return new Answer({ kind: "media", status: 200, headers: mediaHeaders(contentType), body });
}

function ranged(
	all: Answer,
	contentType: string,
	header: string,
	cut: (first: number, end: number) => Buffer[] | FileRange,
): Answer {
	const { length } = all;
	const range = parseRange(header, length);
	if (!range) return all;
	if (range === "unsatisfiable") {
		const headers = { "cache-control": "max-age=1", "content-range": `bytes */${length}` };
		return new Answer({ kind: "media", status: 416, headers });
	}
	const { first, last } = range;
	const headers = { ...mediaHeaders(contentType), "content-range": `bytes ${first}-${last}/${length}` };
	return new Answer({ kind: "media", status: 206, headers, body: cut(first, last + 1) });
}

/** A single range of bytes; undefined for what is none, or is several, which may be answered with the whole. */
function parseRange(header: string, length: number): { first: number; last: number } | "unsatisfiable" | undefined {
	const [, from = "", to = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim()) ?? [];
	if (from === "" && to === "") return undefined;
	if (from === "") {
		const suffix = Math.min(Number(to), length);
		return suffix === 0 ? "unsatisfiable" : { first: length - suffix, last: length - 1 };
	}
	const first = Number(from);
	const last = to === "" ? length - 1 : Math.min(Number(to), length - 1);
	if (to !== "" && Number(to) < first) return undefined;
	return first >= length ? "unsatisfiable" : { first, last };
}

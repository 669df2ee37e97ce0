import type { ServerResponse } from "node:http";
import { writeAnswer } from "./http-answer.ts";

/** Longer than anything here is asked for; a name is never used for other bytes. */
const CACHE_CONTROL = "max-age=86400, immutable";

/** Writes media, or the range of it that was asked for (RFC 9110 section 14). Returns the bytes of the body. */
export function writeMedia(
	response: ServerResponse,
	contentType: string,
	chunks: Buffer[],
	rangeHeader: string | undefined,
): number {
	const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
	const headers = { "content-type": contentType, "cache-control": CACHE_CONTROL, "accept-ranges": "bytes" };
	const range = parseRange(rangeHeader, length);
	if (range === "unsatisfiable") {
		writeAnswer(response, 416, { "cache-control": "max-age=1", "content-range": `bytes */${length}` }, []);
		return 0;
	}
	if (!range) {
		writeAnswer(response, 200, headers, chunks);
		return length;
	}
	const { first, last } = range;
	const body = Buffer.concat(chunks).subarray(first, last + 1);
	writeAnswer(response, 206, { ...headers, "content-range": `bytes ${first}-${last}/${length}` }, [body]);
	return body.length;
}

/** A single range of bytes; undefined for what is none, or is several, which may be answered with the whole. */
function parseRange(
	header: string | undefined,
	length: number,
): { first: number; last: number } | "unsatisfiable" | undefined {
	const [, from = "", to = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "") ?? [];
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

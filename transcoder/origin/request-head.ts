import { type LiveRequest, parseLiveRequest } from "./live-request.ts";

/**
 * Exactly a GET or HEAD by HTTP/1.1 for the audience's part of the server, and fields without control characters, white
 * space before a colon or folded lines (RFC 9112 sections 3 and 5). Anything else is for a whole HTTP parser.
 */
const HEAD =
	/^(GET|HEAD) (\/live\/[\x21-\x7e]*) HTTP\/1\.1\r\n(?:[!#$%&'*+\-.^_`|~\dA-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)+\r\n$/;

const SURROUNDING_SPACE = /^[\t ]+|[\t ]+$/g;

/** Fields that make a request more than a plain question, and those that say it has a body. */
const NOT_PLAIN = new Set(["content-length", "transfer-encoding", "trailer", "upgrade", "expect", "http2-settings"]);

/** `text`: a head with the empty line that ends it, as Latin-1. Undefined when it is not plain in every respect. */
export function parseHead(text: string): LiveRequest | undefined {
	const [, method, target = ""] = HEAD.exec(text) ?? [];
	if (method === undefined) return undefined;
	let host: string | undefined;
	let range: string | undefined;
	let ifRange = false;
	let acceptEncoding: string | undefined;
	let viaEdge = false;
	const end = text.length - 2;
	for (let at = text.indexOf("\r\n") + 2, lineEnd = 0; at < end; at = lineEnd + 2) {
		lineEnd = text.indexOf("\r\n", at);
		const colon = text.indexOf(":", at);
		const name = text.slice(at, colon).toLowerCase();
		if (NOT_PLAIN.has(name)) return undefined;
		const value = text.slice(colon + 1, lineEnd).replace(SURROUNDING_SPACE, "");
		if (name === "host") {
			if (host !== undefined || value === "") return undefined;
			host = value;
		} else if (name === "connection") {
			if (value.toLowerCase() !== "keep-alive") return undefined;
		} else if (name === "range") {
			if (range !== undefined) return undefined;
			range = value;
		} else if (name === "accept-encoding") {
			if (acceptEncoding !== undefined) return undefined;
			acceptEncoding = value;
		} else if (name === "if-range") ifRange = true;
		else if (name === "via") viaEdge = true;
	}
	if (host === undefined) return undefined;
	return parseLiveRequest(target, { isHead: method === "HEAD", range, ifRange, acceptEncoding, viaEdge });
}

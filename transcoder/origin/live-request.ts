import { acceptsGzip } from "./playlist-answer.ts";

/** What somebody asks of the origin, whichever way it came. */
export interface LiveRequest {
	webinarId: string;
	/** What a viewer of a private webinar shows; never to be logged. */
	pass: string | undefined;
	/** Undefined for what is above renditions: the multivariant playlist. */
	rendition: string | undefined;
	name: string;
	/** Without its question mark. */
	query: string;
	/** Header of a GET; there is no other that it means anything to. */
	range: string | undefined;
	acceptsGzip: boolean;
	isHead: boolean;
	/** It says that it comes from a cache or proxy. */
	viaEdge: boolean;
}

/** Of a request's headers, those that make a difference. */
export interface LiveHeaders {
	isHead: boolean;
	range: string | undefined;
	/** It has an If-Range. */
	ifRange: boolean;
	acceptEncoding: string | undefined;
	/** It has a Via. */
	viaEdge: boolean;
}

export const INDEX = "index.m3u8";

/** Names begin with a letter or digit, so that none can lead out of where it is looked up. */
const TARGET =
	/^\/live\/([\w-]{1,64})(?:\/~([\w.-]{1,200}))?(?:\/([A-Za-z\d][\w.-]{0,127}))?\/([A-Za-z\d][\w.-]{0,127})(?:\?(.*))?$/;

/** Undefined when there can be nothing at `target`, the path and query of a request as they were sent. */
export function parseLiveRequest(target: string, headers: LiveHeaders): LiveRequest | undefined {
	const [, webinarId, pass, rendition, name, query = ""] = TARGET.exec(target) ?? [];
	if (webinarId === undefined || name === undefined) return undefined;
	const { isHead, acceptEncoding, viaEdge } = headers;
	return {
		webinarId,
		pass,
		rendition,
		name,
		query,
		// There are no validators that a condition could be met by, and a condition that is not met asks for the whole.
		range: isHead || headers.ifRange ? undefined : headers.range,
		acceptsGzip: acceptsGzip(acceptEncoding),
		isHead,
		viaEdge,
	};
}

/** The target with its escapes undone, as some clients escape what needs none; undefined when that changes its shape. */
export function withoutEscapes(target: string): string | undefined {
	const [path = "", ...query] = target.split("?");
	if (!path.includes("%")) return target;
	if (/%2f/i.test(path)) return undefined;
	try {
		const plain = decodeURIComponent(path);
		return plain.includes("?") ? undefined : [plain, ...query].join("?");
	} catch {
		return undefined;
	}
}

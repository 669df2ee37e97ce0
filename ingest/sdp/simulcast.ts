import { attributes } from "./sdp-lines.ts";

/** More layers than these are left out of the answer. */
const MAX_LAYERS = 3;

/**
 * The rids an m= line offers to send at the same time (RFC 8853), in its order; of alternatives the first. Empty when it
 * offers one encoding, under a rid or not.
 */
export function parseSimulcast(section: string[]): string[] {
	const declared = new Set(
		// RFC 8851; the header extension that carries it has 16 bytes at most.
		attributes(section, "rid").map((value) => /^([\w-]{1,16}) send(?: |$)/.exec(value)?.[1]),
	);
	const [, streams = ""] = /(?:^| )send (\S+)/.exec(attributes(section, "simulcast")[0] ?? "") ?? [];
	// "~" is a stream that begins paused.
	const offered = streams.split(";").map((alternatives) => alternatives.split(",", 1)[0]?.replace(/^~/, "") ?? "");
	const rids = [...new Set(offered)].filter((rid) => declared.has(rid));
	return rids.length > 1 ? rids.slice(0, MAX_LAYERS) : [];
}

/** OBS wants all layers on the first `a=simulcast` line of the answer, joined by `;`. */
export function simulcastLines(rids: string[]): string[] {
	if (rids.length === 0) return [];
	return [...rids.map((rid) => `a=rid:${rid} recv`), `a=simulcast:recv ${rids.join(";")}`];
}

import { attributes } from "./sdp-lines.ts";
import type { DeclaredSsrc } from "./session-media.ts";

/** More than any client declares for one m= line: three layers, each with its retransmissions and its FEC. */
const MAX_SSRCS = 16;

/** The SSRCs an m= line will send media under (RFC 5576), the layers of a SIM group first and in its order. */
export function parseSsrcs(section: string[]): DeclaredSsrc[] {
	const declared = attributes(section, "ssrc").flatMap((value) => toSsrc(value.split(" ", 1)[0]));
	const groups = attributes(section, "ssrc-group").map((value) => {
		const [semantics = "", ...members] = value.split(" ");
		return { semantics, ssrcs: members.flatMap(toSsrc) };
	});
	const layers = groups.find(({ semantics }) => semantics === "SIM")?.ssrcs ?? [];
	const pairs = groups.filter(({ semantics }) => semantics === "FID" || semantics === "FEC-FR");
	const secondary = new Set(pairs.flatMap(({ ssrcs }) => ssrcs.slice(1)));
	const media = [...new Set([...layers, ...declared])].filter((ssrc) => !secondary.has(ssrc)).slice(0, MAX_SSRCS);
	return media.map((ssrc) => {
		const rtxSsrc = pairs.find(({ semantics, ssrcs }) => semantics === "FID" && ssrcs[0] === ssrc)?.ssrcs[1];
		return rtxSsrc === undefined ? { ssrc } : { ssrc, rtxSsrc };
	});
}

function toSsrc(text: string | undefined): number[] {
	const value = /^\d{1,10}$/.test(text ?? "") ? Number(text) : Number.NaN;
	return value > 0 && value < 2 ** 32 ? [value] : [];
}

import { parseSsrcs } from "./declared-ssrcs.ts";
import { type OfferedExtension, parseExtensions } from "./extensions.ts";
import { attributes, invalidSdp } from "./sdp-lines.ts";
import type { DeclaredSsrc } from "./session-media.ts";
import { parseSimulcast } from "./simulcast.ts";

export type Direction = "sendrecv" | "sendonly" | "recvonly" | "inactive";

/** An m= line of an offer. */
export interface OfferedMedia {
	/** `audio`, `video`, `application`, … */
	kind: string;
	mid: string | undefined;
	port: number;
	bundleOnly: boolean;
	protocol: string;
	direction: Direction;
	rtcpMux: boolean;
	/** `a=rtcp-mux-only` (RFC 8858). */
	rtcpMuxOnly: boolean;
	/** `a=rtcp-rsize` (RFC 5506). */
	reducedSizeRtcp: boolean;
	codecs: OfferedCodec[];
	extensions: OfferedExtension[];
	/** Simulcast layers; empty when there is none. */
	rids: string[];
	ssrcs: DeclaredSsrc[];
	streamId: string | undefined;
}

export interface OfferedCodec {
	payloadType: number;
	/** As offered; names are compared without case. */
	name: string;
	clockRate: number;
	channels: string | undefined;
	/** The value of `a=fmtp`. */
	parameters: string;
	/** Values of `a=rtcp-fb`, those for every payload type included. */
	feedback: string[];
}

const directions = ["sendrecv", "sendonly", "recvonly", "inactive"] as const;
/** What any token of SDP that comes back in the answer may have (RFC 8866 section 9, RFC 5888). */
const token = /^[\w!#$%&'*+.^`{|}~-]{1,64}$/;

/**
 * `section`: the lines from m= on. `session`: those before the first m=.
 * @throws AppError invalid-sdp
 */
export function parseMedia(section: string[], session: string[]): OfferedMedia {
	const [, kind = "", port = "", protocol = "", formats = ""] =
		/^m=(\S+) (\d{1,5})(?:\/\d+)? (\S+) (.+)$/.exec(section[0] ?? "") ?? [];
	if (!kind) throw invalidSdp("it has an m= line that is none");
	const has = (name: string) => attributes(section, name).length > 0;
	const mid = attributes(section, "mid")[0];
	if (mid !== undefined && !token.test(mid)) throw invalidSdp("it has an a=mid that is none");
	return {
		kind,
		mid,
		port: Number(port),
		bundleOnly: has("bundle-only"),
		protocol,
		direction: directions.find(has) ?? directions.find((name) => attributes(session, name).length > 0) ?? "sendrecv",
		rtcpMux: has("rtcp-mux") || has("rtcp-mux-only"),
		rtcpMuxOnly: has("rtcp-mux-only"),
		reducedSizeRtcp: has("rtcp-rsize"),
		codecs: parseCodecs(section, formats.split(" ")),
		extensions: [...parseExtensions(section), ...parseExtensions(session)],
		rids: parseSimulcast(section),
		ssrcs: parseSsrcs(section),
		streamId: attributes(section, "msid")[0]?.split(" ")[0],
	};
}

function parseCodecs(section: string[], formats: string[]): OfferedCodec[] {
	const payloadTypes = [...new Set(formats)].filter((format) => /^\d{1,3}$/.test(format) && Number(format) <= 127);
	const rtpmaps = byPayloadType(attributes(section, "rtpmap"));
	const parameters = byPayloadType(attributes(section, "fmtp"));
	const feedback = Map.groupBy(attributes(section, "rtcp-fb"), (value) => value.split(" ", 1)[0]);
	const feedbackOf = (to: string) => feedback.get(to)?.map((value) => value.slice(to.length + 1)) ?? [];
	const forAll = feedbackOf("*");
	return payloadTypes.flatMap((format) => {
		const [, name, clockRate, channels] =
			/^([\w.-]{1,32})\/(\d{1,9})(?:\/(\w{1,9}))?/.exec(rtpmaps.get(format) ?? "") ?? [];
		if (!name) return [];
		return [
			{
				payloadType: Number(format),
				name,
				clockRate: Number(clockRate),
				channels,
				parameters: parameters.get(format) ?? "",
				feedback: [...forAll, ...feedbackOf(format)],
			},
		];
	});
}

/** The first value for each payload type, of attributes shaped `96 value`. */
function byPayloadType(values: string[]): Map<string, string> {
	return new Map(
		values.toReversed().map((value) => {
			const space = value.indexOf(" ");
			return [value.slice(0, space), value.slice(space + 1)];
		}),
	);
}

import { AppError } from "../../core/runtime/errors.ts";

/** An SDP offer (RFC 8866, RFC 8829) as far as this server reads it. */
export interface Offer {
	transport: RemoteTransport;
	/** The mids of the first BUNDLE group. */
	bundle: string[];
	media: OfferedMedia[];
}

export interface Fingerprint {
	/** Lower case: `sha-256`. */
	algorithm: string;
	value: Buffer;
}

/** The peer's end of ICE and DTLS. Everything is bundled, so there is one. */
export interface RemoteTransport {
	setup: "actpass" | "active" | "passive";
	fingerprint: Fingerprint;
}

/** Our end of ICE and DTLS. */
export interface LocalTransport {
	ufrag: string;
	password: string;
	/** `sha-256 AB:CD:…` */
	fingerprint: string;
	setup: "active" | "passive";
	hosts: { address: string; port: number }[];
}

export type Direction = "sendrecv" | "sendonly" | "recvonly" | "inactive";

export interface OfferedMedia {
	/** `audio`, `video`, `application`, … */
	kind: string;
	mid: string | undefined;
	port: number;
	bundleOnly: boolean;
	protocol: string;
	direction: Direction;
	rtcpMux: boolean;
	codecs: OfferedCodec[];
	extensions: { id: number; uri: string }[];
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

const MAX_MEDIA = 64;
const directions = ["sendrecv", "sendonly", "recvonly", "inactive"] as const;

/** @throws AppError invalid-sdp */
export function parseOffer(sdp: string): Offer {
	const lines = sdp.split(/\r?\n/).filter((line) => line !== "");
	if (lines[0] !== "v=0") throw invalid("it does not begin with v=0");
	const bad = lines.find((line) => !/^[a-z]=\P{Cc}*$/u.test(line));
	if (bad !== undefined) throw invalid("it has a line that is no SDP");
	const sections = cutIntoSections(lines);
	const [session = [], ...mediaSections] = sections;
	if (mediaSections.length === 0) throw invalid("it has no m= line");
	if (mediaSections.length > MAX_MEDIA) throw invalid(`it has more than ${MAX_MEDIA} m= lines`);
	const group = attributes(session, "group").find((value) => /^BUNDLE( |$)/.test(value)) ?? "";
	return {
		transport: parseTransport(sections),
		bundle: group.split(" ").slice(1),
		media: mediaSections.map((section) => parseMedia(section, session)),
	};
}

function invalid(detail: string): AppError {
	return new AppError("invalid-sdp", `The SDP could not be understood: ${detail}`);
}

/** The session's lines, then those of each m= line. */
function cutIntoSections(lines: string[]): string[][] {
	const sections: string[][] = [[]];
	for (const line of lines) {
		if (line.startsWith("m=")) sections.push([]);
		sections.at(-1)?.push(line);
	}
	return sections;
}

/** Values of `a=name:value`; an empty string for each bare `a=name`. */
function attributes(section: string[], name: string): string[] {
	return section.flatMap((line) => {
		if (line === `a=${name}`) return [""];
		return line.startsWith(`a=${name}:`) ? [line.slice(name.length + 3)] : [];
	});
}

/** From the session or the first m= line that has it: with BUNDLE that is the one in use. */
function parseTransport(sections: string[][]): RemoteTransport {
	const first = (name: string) =>
		sections.map((section) => attributes(section, name)[0]).find((value) => value !== undefined);
	if (!first("ice-ufrag") || !first("ice-pwd")) throw invalid("it has no a=ice-ufrag and a=ice-pwd");
	const [algorithm = "", hex = ""] = (first("fingerprint") ?? "").split(" ");
	if (!/^([0-9a-f]{2}:)+[0-9a-f]{2}$/i.test(hex)) throw invalid("it has no a=fingerprint");
	const setup = first("setup") ?? "actpass";
	if (setup !== "actpass" && setup !== "active" && setup !== "passive")
		throw invalid("its a=setup is not one of an offer");
	const value = Buffer.from(hex.replaceAll(":", ""), "hex");
	return { setup, fingerprint: { algorithm: algorithm.toLowerCase(), value } };
}

function parseMedia(section: string[], session: string[]): OfferedMedia {
	const [, kind = "", port = "", protocol = "", formats = ""] =
		/^m=(\S+) (\d{1,5})(?:\/\d+)? (\S+) (.+)$/.exec(section[0] ?? "") ?? [];
	if (!kind) throw invalid("it has an m= line that is none");
	const has = (name: string) => attributes(section, name).length > 0;
	return {
		kind,
		mid: attributes(section, "mid")[0],
		port: Number(port),
		bundleOnly: has("bundle-only"),
		protocol,
		direction: directions.find(has) ?? directions.find((name) => attributes(session, name).length > 0) ?? "sendrecv",
		rtcpMux: has("rtcp-mux") || has("rtcp-mux-only"),
		codecs: formats.split(" ").flatMap((format) => parseCodec(section, format)),
		extensions: attributes(section, "extmap").flatMap(parseExtension),
		streamId: attributes(section, "msid")[0]?.split(" ")[0],
	};
}

function parseCodec(section: string[], format: string): OfferedCodec[] {
	const rtpmap = attributes(section, "rtpmap").find((value) => value.startsWith(`${format} `));
	const [, name, clockRate, channels] = /^\d+ ([^/\s]+)\/(\d+)(?:\/(\w+))?/.exec(rtpmap ?? "") ?? [];
	const payloadType = Number(format);
	if (!name || !Number.isInteger(payloadType) || payloadType > 127) return [];
	const fmtp = attributes(section, "fmtp").find((value) => value.startsWith(`${format} `));
	const feedback = attributes(section, "rtcp-fb").flatMap((value) => {
		const [to, ...rest] = value.split(" ");
		return to === format || to === "*" ? [rest.join(" ")] : [];
	});
	return [
		{
			payloadType,
			name,
			clockRate: Number(clockRate),
			channels,
			parameters: fmtp?.slice(format.length + 1) ?? "",
			feedback,
		},
	];
}

function parseExtension(value: string): { id: number; uri: string }[] {
	const [, id, uri] = /^(\d+)(?:\/\w+)? (\S+)/.exec(value) ?? [];
	return id && uri ? [{ id: Number(id), uri }] : [];
}

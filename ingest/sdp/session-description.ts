import { type OfferedMedia, parseMedia } from "./offered-media.ts";
import { attributes, cutIntoLines, cutIntoSections, invalidSdp } from "./sdp-lines.ts";

/** An SDP offer (RFC 8866, RFC 8829) as far as this server reads it. */
export interface Offer {
	transport: RemoteTransport;
	/** The peer's end of ICE: other ones in a later fragment mean a restart. */
	ice: IceCredentials;
	/** The mids of the first BUNDLE group. */
	bundle: string[];
	media: OfferedMedia[];
}

export interface IceCredentials {
	ufrag: string;
	password: string;
}

export interface Fingerprint {
	/** Lower case: `sha-256`. */
	algorithm: string;
	value: Buffer;
}

/** The peer's end of DTLS. Everything is bundled, so there is one. */
export interface RemoteTransport {
	setup: "actpass" | "active" | "passive";
	fingerprint: Fingerprint;
}

/** Our end of ICE and DTLS. */
export interface LocalTransport extends IceCredentials {
	/** `sha-256 AB:CD:…` */
	fingerprint: string;
	setup: "active" | "passive";
	hosts: LocalHost[];
}

/** Where media reaches us. */
export interface LocalHost {
	address: string;
	port: number;
	protocol: "udp" | "tcp";
}

const MAX_MEDIA = 64;
/** No client comes near it; what is read costs time. */
const MAX_LINES = 20_000;

/** @throws AppError invalid-sdp */
export function parseOffer(sdp: string): Offer {
	const lines = cutIntoLines(sdp);
	if (lines[0] !== "v=0") throw invalidSdp("it does not begin with v=0");
	if (lines.length > MAX_LINES) throw invalidSdp(`it has more than ${MAX_LINES} lines`);
	const sections = cutIntoSections(lines);
	const [session = [], ...mediaSections] = sections;
	if (mediaSections.length === 0) throw invalidSdp("it has no m= line");
	if (mediaSections.length > MAX_MEDIA) throw invalidSdp(`it has more than ${MAX_MEDIA} m= lines`);
	const group = attributes(session, "group").find((value) => /^BUNDLE( |$)/.test(value)) ?? "";
	return {
		...parseTransport(sections),
		bundle: group.split(" ").slice(1),
		media: mediaSections.map((section) => parseMedia(section, session)),
	};
}

/** From the session or the first m= line that has it: with BUNDLE that is the one in use. */
function parseTransport(sections: string[][]): Pick<Offer, "transport" | "ice"> {
	const first = (name: string) =>
		sections.map((section) => attributes(section, name)[0]).find((value) => value !== undefined);
	const ice = parseIce(first("ice-ufrag"), first("ice-pwd"));
	if (!ice) throw invalidSdp("it has no a=ice-ufrag and a=ice-pwd");
	const fingerprint = parseFingerprint(sections);
	if (!fingerprint) throw invalidSdp("it has no a=fingerprint");
	const setup = first("setup") ?? "actpass";
	if (setup !== "actpass" && setup !== "active" && setup !== "passive")
		throw invalidSdp("its a=setup is not one of an offer");
	return { ice, transport: { setup, fingerprint } };
}

/** Where there are several of one certificate (RFC 8122 section 5), the one by SHA-256, which everybody can compare. */
function parseFingerprint(sections: string[][]): Fingerprint | undefined {
	const values = sections.map((section) => attributes(section, "fingerprint")).find(({ length }) => length > 0) ?? [];
	const value = values.find((fingerprint) => /^sha-256 /i.test(fingerprint)) ?? values[0];
	const [, algorithm, hex] = /^([\w-]{1,32}) ((?:[0-9a-f]{2}:){1,63}[0-9a-f]{2})$/i.exec(value ?? "") ?? [];
	if (!algorithm || !hex) return undefined;
	return { algorithm: algorithm.toLowerCase(), value: Buffer.from(hex.replaceAll(":", ""), "hex") };
}

/** RFC 8839 section 5.4, but any printable characters: these are only compared. Undefined for what is none. */
export function parseIce(ufrag = "", password = ""): IceCredentials | undefined {
	return /^[\x21-\x7e]{4,256}$/.test(ufrag) && /^[\x21-\x7e]{22,256}$/.test(password) ? { ufrag, password } : undefined;
}

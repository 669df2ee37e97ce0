import { randomBytes } from "node:crypto";

/** One m= section of a hand-written offer. Its fields are what the items vary. */
export interface RawMedia {
	kind: "audio" | "video";
	mid: string;
	direction: "sendonly" | "recvonly" | "sendrecv" | "inactive";
	port: number;
	/** Lines of the codecs, after the m= line's payload types. */
	payloadTypes: number[];
	codecs: string[];
	/** `a=msid` without its name; undefined: no such line. */
	msid: string | undefined;
	/** Further lines, as they are. */
	extra: string[];
}

export interface RawOffer {
	media: RawMedia[];
	setup: "actpass" | "active" | "passive";
	ufrag: string;
	password: string;
}

const opus = ["a=rtpmap:111 opus/48000/2", "a=rtcp-fb:111 transport-cc", "a=fmtp:111 minptime=10;useinbandfec=1"];
const vp8 = [
	"a=rtpmap:96 VP8/90000",
	"a=rtcp-fb:96 nack",
	"a=rtcp-fb:96 nack pli",
	"a=rtcp-fb:96 ccm fir",
	"a=rtpmap:97 rtx/90000",
	"a=fmtp:97 apt=96",
];

export function rawAudio(changes: Partial<RawMedia> = {}): RawMedia {
	return {
		kind: "audio",
		mid: "0",
		direction: "sendonly",
		port: 9,
		payloadTypes: [111],
		codecs: opus,
		msid: "stream audio",
		extra: [],
		...changes,
	};
}

export function rawVideo(changes: Partial<RawMedia> = {}): RawMedia {
	return {
		kind: "video",
		mid: "1",
		direction: "sendonly",
		port: 9,
		payloadTypes: [96, 97],
		codecs: vp8,
		msid: "stream video",
		extra: [],
		...changes,
	};
}

/** Opus and VP8 as a browser offers them to publish, with a fresh ICE identity. */
export function rawOffer(changes: Partial<RawOffer> = {}): RawOffer {
	return {
		media: [rawAudio(), rawVideo()],
		setup: "actpass",
		ufrag: drawUfrag(),
		password: drawPassword(),
		...changes,
	};
}

/** The same to play. */
export function rawPlayOffer(changes: Partial<RawOffer> = {}): RawOffer {
	const receive = { direction: "recvonly", msid: undefined } as const;
	return rawOffer({ media: [rawAudio(receive), rawVideo(receive)], ...changes });
}

export function drawUfrag(): string {
	return randomBytes(6).toString("hex");
}

export function drawPassword(): string {
	return randomBytes(18).toString("hex");
}

export function writeOffer({ media, setup, ufrag, password }: RawOffer): string {
	const fingerprint = randomBytes(32).toString("hex").toUpperCase().match(/../g)?.join(":");
	const lines = [
		"v=0",
		`o=- ${randomBytes(4).readUInt32BE()} 2 IN IP4 127.0.0.1`,
		"s=-",
		"t=0 0",
		`a=group:BUNDLE ${media.map(({ mid }) => mid).join(" ")}`,
		"a=ice-options:trickle ice2",
		...media.flatMap((section) => [
			`m=${section.kind} ${section.port} UDP/TLS/RTP/SAVPF ${section.payloadTypes.join(" ")}`,
			"c=IN IP4 0.0.0.0",
			"a=rtcp:9 IN IP4 0.0.0.0",
			`a=ice-ufrag:${ufrag}`,
			`a=ice-pwd:${password}`,
			`a=fingerprint:sha-256 ${fingerprint}`,
			`a=setup:${setup}`,
			`a=mid:${section.mid}`,
			`a=${section.direction}`,
			...(section.msid === undefined ? [] : [`a=msid:${section.msid}`]),
			"a=rtcp-mux",
			"a=rtcp-mux-only",
			...section.codecs,
			...section.extra,
		]),
	];
	return `${lines.join("\r\n")}\r\n`;
}

export interface RawFragment {
	/** Undefined: no such line. */
	ufrag: string | undefined;
	password: string | undefined;
	/** Values of a=candidate. */
	candidates: string[];
}

/** An SDP fragment (RFC 8840) for an offer of `rawOffer`, of its offerer-tagged m= line alone. */
export function writeFragment({ ufrag, password, candidates }: RawFragment): string {
	const lines = [
		"a=ice-options:trickle ice2",
		"a=group:BUNDLE 0 1",
		"m=audio 9 UDP/TLS/RTP/SAVPF 111",
		"a=mid:0",
		...(ufrag === undefined ? [] : [`a=ice-ufrag:${ufrag}`]),
		...(password === undefined ? [] : [`a=ice-pwd:${password}`]),
		...candidates.map((candidate) => `a=candidate:${candidate}`),
		"a=end-of-candidates",
	];
	return `${lines.join("\r\n")}\r\n`;
}

/** A host candidate of ours, on UDP, to which nobody listens. */
export const unusedCandidate = "1 1 udp 2130706431 127.0.0.1 9 typ host";

import { isIPv4 } from "node:net";
import type { AgreedCodec } from "./codecs.ts";
import type { LocalTransport, OfferedMedia } from "./session-description.ts";

/** What the answer says to one m= line of the offer. */
export interface AnsweredMedia {
	offered: OfferedMedia;
	direction: "recvonly" | "sendonly";
	codecs: AgreedCodec[];
	/** Values of `a=rtcp-fb` we act on; those that were not offered are left out. */
	feedback: string[];
	/** Header extensions we read. */
	extensions: { id: number; uri: string }[];
	/** What we send. */
	stream?: { ssrc: number; cname: string; id: string };
}

const HOST_PREFERENCE = 126;

/** An answer to every m= line of the offer, in its order, with every candidate in it: this server never trickles. */
export function composeAnswer(local: LocalTransport, media: AnsweredMedia[], sessionId: number): string {
	const hosts = [...local.hosts].sort((a, b) => rank(a.address) - rank(b.address));
	const first = hosts[0] ?? { address: "0.0.0.0", port: 9 };
	const mids = media.flatMap(({ offered }) => (offered.mid === undefined ? [] : [offered.mid]));
	const family = isIPv4(first.address) ? "IP4" : "IP6";
	const lines = [
		"v=0",
		`o=- ${sessionId} 1 IN ${family} ${first.address}`,
		"s=-",
		"t=0 0",
		...(mids.length > 0 ? [`a=group:BUNDLE ${mids.join(" ")}`] : []),
		"a=ice-lite",
		"a=msid-semantic:WMS *",
	];
	media.forEach((answered, index) => {
		lines.push(
			`m=${answered.offered.kind} ${first.port} ${answered.offered.protocol} ${answered.codecs.map((codec) => codec.payloadType).join(" ")}`,
			`c=IN ${family} ${first.address}`,
			...(answered.offered.mid === undefined ? [] : [`a=mid:${answered.offered.mid}`]),
			`a=ice-ufrag:${local.ufrag}`,
			`a=ice-pwd:${local.password}`,
			`a=fingerprint:${local.fingerprint}`,
			`a=setup:${local.setup}`,
			...mediaLines(answered),
		);
		// The others go the way of the first: they are bundled.
		if (index === 0) lines.push(...hosts.map(candidate), "a=end-of-candidates");
	});
	return `${lines.join("\r\n")}\r\n`;
}

function mediaLines({ direction, codecs, feedback, extensions, stream }: AnsweredMedia): string[] {
	return [
		`a=${direction}`,
		"a=rtcp-mux",
		...extensions.map(({ id, uri }) => `a=extmap:${id} ${uri}`),
		...codecs.flatMap((codec) => [
			`a=rtpmap:${codec.payloadType} ${codec.name}/${codec.clockRate}${codec.channels ? `/${codec.channels}` : ""}`,
			...(codec.parameters ? [`a=fmtp:${codec.payloadType} ${codec.parameters}`] : []),
			...feedback
				.filter((value) => codec.feedback.includes(value))
				.map((value) => `a=rtcp-fb:${codec.payloadType} ${value}`),
		]),
		...(stream
			? [`a=msid:${stream.id} ${stream.id}-${stream.ssrc}`, `a=ssrc:${stream.ssrc} cname:${stream.cname}`]
			: []),
	];
}

/** ffmpeg takes the first candidate alone, so the address most likely to be reachable comes first. */
function rank(address: string): number {
	if (address === "127.0.0.1" || address === "::1") return 2;
	return isIPv4(address) ? 0 : 1;
}

function candidate({ address, port }: { address: string; port: number }, index: number): string {
	// RFC 8445 section 5.1.2.1: type preference, local preference, component 1.
	const priority = HOST_PREFERENCE * 2 ** 24 + (65535 - index) * 2 ** 8 + 255;
	return `a=candidate:${index + 1} 1 udp ${priority} ${address} ${port} typ host`;
}

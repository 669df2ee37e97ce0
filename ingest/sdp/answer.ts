import { isIPv4 } from "node:net";
import { candidateLines, inOrderOfPreference } from "./candidates.ts";
import { extensionUris } from "./extensions.ts";
import type { AgreedMedia } from "./negotiate.ts";
import type { LocalTransport } from "./session-description.ts";
import { simulcastLines } from "./simulcast.ts";

/** What the answer says to one m= line of the offer. */
export interface AnsweredMedia extends AgreedMedia {
	direction: "recvonly" | "sendonly";
	/** Simulcast layers we take. */
	rids: string[];
	/** What we send. */
	stream?: { ssrc: number; rtxSsrc?: number; cname: string; id: string };
}

/** An answer to every m= line of the offer, in its order, with every candidate in it. */
export function composeAnswer(local: LocalTransport, media: AnsweredMedia[], sessionId: number): string {
	const hosts = inOrderOfPreference(local.hosts);
	const first = hosts[0] ?? { address: "0.0.0.0", port: 9 };
	const mids = media.flatMap(({ offered, bundled }) => (bundled && offered.mid ? [offered.mid] : []));
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
			`m=${answered.offered.kind} ${first.port} ${answered.offered.protocol} ${payloadTypes(answered).join(" ")}`,
			`c=IN ${family} ${first.address}`,
			...(answered.offered.mid === undefined ? [] : [`a=mid:${answered.offered.mid}`]),
			`a=ice-ufrag:${local.ufrag}`,
			`a=ice-pwd:${local.password}`,
			`a=fingerprint:${local.fingerprint}`,
			`a=setup:${local.setup}`,
			...mediaLines(answered),
		);
		// The others go the way of the first: they are bundled.
		if (index === 0) lines.push(...candidateLines(hosts));
	});
	return `${lines.join("\r\n")}\r\n`;
}

function payloadTypes({ codecs }: AnsweredMedia): number[] {
	return codecs.flatMap(({ payloadType, rtxPayloadType }) =>
		rtxPayloadType === undefined ? [payloadType] : [payloadType, rtxPayloadType],
	);
}

function mediaLines({ offered, direction, codecs, extensions, rids, stream }: AnsweredMedia): string[] {
	return [
		`a=${direction}`,
		"a=rtcp-mux",
		// RFC 9725 section 4.4.1 wants it in answers too, RFC 8858 section 4.3 does not; so those who sent it get it.
		...(offered.rtcpMuxOnly ? ["a=rtcp-mux-only"] : []),
		...(offered.reducedSizeRtcp ? ["a=rtcp-rsize"] : []),
		...extensions.map(
			(extension) =>
				`a=extmap:${extension.id}${extension.direction ? `/${extension.direction}` : ""} ${extensionUris[extension.name]}`,
		),
		...codecs.flatMap((codec) => [
			`a=rtpmap:${codec.payloadType} ${codec.name}/${codec.clockRate}${codec.channels ? `/${codec.channels}` : ""}`,
			...(codec.parameters ? [`a=fmtp:${codec.payloadType} ${codec.parameters}`] : []),
			...codec.feedback.map((value) => `a=rtcp-fb:${codec.payloadType} ${value}`),
			...(codec.rtxPayloadType === undefined
				? []
				: [
						`a=rtpmap:${codec.rtxPayloadType} rtx/${codec.clockRate}`,
						`a=fmtp:${codec.rtxPayloadType} apt=${codec.payloadType}`,
					]),
		]),
		...simulcastLines(rids),
		...(stream ? streamLines(stream) : []),
	];
}

function streamLines({ ssrc, rtxSsrc, cname, id }: NonNullable<AnsweredMedia["stream"]>): string[] {
	return [
		`a=msid:${id} ${id}-${ssrc}`,
		...(rtxSsrc === undefined ? [] : [`a=ssrc-group:FID ${ssrc} ${rtxSsrc}`]),
		`a=ssrc:${ssrc} cname:${cname}`,
		...(rtxSsrc === undefined ? [] : [`a=ssrc:${rtxSsrc} cname:${cname}`]),
	];
}

import { AppError } from "../../core/runtime/errors.ts";
import { type AgreedCodec, agreeOnCodecs, type MediaKind } from "./codecs.ts";
import { type AnsweredExtension, agreeOnExtensions, type ExtensionName } from "./extensions.ts";
import type { Direction, OfferedMedia } from "./offered-media.ts";
import type { Offer } from "./session-description.ts";

/** An m= line this server takes. */
export interface AgreedMedia {
	offered: OfferedMedia;
	/** A BUNDLE group was offered for it (RFC 9143). */
	bundled: boolean;
	kind: MediaKind;
	codecs: AgreedCodec[];
	extensions: AnsweredExtension[];
}

/** What one kind of session takes of an offer. */
export interface Wanted {
	/** What the m= lines may be. */
	directions: Direction[];
	/** What the answer says to them. */
	direction: "sendonly" | "recvonly";
	extensions: Record<MediaKind, ExtensionName[]>;
	/** Values of `a=rtcp-fb`. */
	feedback: Record<MediaKind, string[]>;
}

const protocols = ["UDP/TLS/RTP/SAVPF", "RTP/SAVPF"];
const TRANSPORT_CC = "transport-cc";
const REMB = "goog-remb";

/**
 * All or nothing (RFC 9725 section 4.4): each m= line of the offer, or an error that says which cannot be used and why.
 * @throws AppError unusable-media
 */
export function agreeOnMedia(offer: Offer, wanted: Wanted): AgreedMedia[] {
	if (offer.media.length > 1 && !offer.media.every(({ mid }) => mid !== undefined && offer.bundle.includes(mid))) {
		throw unusable("its m= lines are not all in one BUNDLE group");
	}
	const mids = offer.media.flatMap(({ mid }) => mid ?? []);
	if (new Set(mids).size < mids.length) throw unusable("two of its m= lines have the same a=mid");
	const agreed = offer.media.map((media) => ({
		...agreeOn(media, wanted),
		bundled: media.mid !== undefined && offer.bundle.includes(media.mid),
	}));
	const payloadTypes = new Map<number, MediaKind>();
	for (const { kind, codecs } of agreed) {
		for (const payloadType of codecs.flatMap((codec) => [codec.payloadType, codec.rtxPayloadType ?? []].flat())) {
			if ((payloadTypes.get(payloadType) ?? kind) !== kind) throw unusable("audio and video share a payload type");
			payloadTypes.set(payloadType, kind);
		}
	}
	return withOneEstimate(agreed);
}

export function unusable(detail: string): AppError {
	return new AppError("unusable-media", `The offer cannot be used: ${detail}`);
}

function agreeOn(offered: OfferedMedia, wanted: Wanted): Omit<AgreedMedia, "bundled"> {
	const { kind, port, bundleOnly, protocol, direction, rtcpMux } = offered;
	if (kind !== "audio" && kind !== "video") throw unusable(`it has an m=${kind.slice(0, 20)} line`);
	// RFC 9143 section 6: port 0 means rejected, but with a=bundle-only it is how a bundled m= line looks.
	if (port === 0 && !bundleOnly) throw unusable(`its ${kind} is switched off (port 0)`);
	if (!protocols.includes(protocol)) throw unusable(`its ${kind} is not UDP/TLS/RTP/SAVPF`);
	if (!wanted.directions.includes(direction))
		throw unusable(`its ${kind} is ${direction}, not ${wanted.directions.join(" or ")}`);
	if (!rtcpMux) throw unusable(`its ${kind} lacks a=rtcp-mux`);
	const codecs = agreeOnCodecs(offered, kind, wanted.feedback[kind]);
	if (codecs.length === 0)
		throw unusable(
			`its ${kind} has none of the codecs ${kind === "audio" ? "Opus" : "VP8, H264 (packetization-mode 1), VP9 (profile 0), AV1 (profile 0)"}`,
		);
	const extensions = agreeOnExtensions(offered.extensions, wanted.extensions[kind], wanted.direction);
	return { offered, kind, codecs, extensions };
}

/**
 * The sender's estimate by transport-wide feedback where both the header extension and the feedback were offered; else
 * the receiver's, with the absolute send times it wants. Never both: a sender would follow the lower one.
 */
function withOneEstimate(agreed: AgreedMedia[]): AgreedMedia[] {
	const hasTransportCc = ({ codecs, extensions }: AgreedMedia) =>
		extensions.some(({ name }) => name === "transportCc") &&
		codecs.every(({ feedback }) => feedback.includes(TRANSPORT_CC));
	const anyTransportCc = agreed.some(hasTransportCc);
	return agreed.map((media) => {
		const without = hasTransportCc(media) ? [] : [TRANSPORT_CC];
		if (anyTransportCc) without.push(REMB);
		return {
			...media,
			codecs: media.codecs.map((codec) => ({
				...codec,
				feedback: codec.feedback.filter((value) => !without.includes(value)),
			})),
			extensions: media.extensions.filter(
				({ name }) => (name !== "transportCc" || hasTransportCc(media)) && (name !== "absSendTime" || !anyTransportCc),
			),
		};
	});
}

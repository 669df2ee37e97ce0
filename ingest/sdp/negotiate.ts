import { AppError } from "../../core/runtime/errors.ts";
import { type AgreedCodec, agreeOnCodecs, type MediaKind } from "./codecs.ts";
import type { Direction, Offer, OfferedMedia } from "./session-description.ts";

/** An m= line this server takes. */
export interface AgreedMedia {
	offered: OfferedMedia;
	kind: MediaKind;
	codecs: AgreedCodec[];
}

const protocols = ["UDP/TLS/RTP/SAVPF", "RTP/SAVPF"];

/**
 * All or nothing (RFC 9725 section 4.4): each m= line of the offer, or an error that says which cannot be used and why.
 * @throws AppError unusable-media
 */
export function agreeOnMedia(offer: Offer, directions: Direction[]): AgreedMedia[] {
	if (offer.media.length > 1 && !offer.media.every(({ mid }) => mid !== undefined && offer.bundle.includes(mid))) {
		throw unusable("its m= lines are not all in one BUNDLE group");
	}
	const agreed = offer.media.map((media) => agreeOn(media, directions));
	const payloadTypes = new Map<number, MediaKind>();
	for (const { kind, codecs } of agreed) {
		for (const { payloadType } of codecs) {
			if ((payloadTypes.get(payloadType) ?? kind) !== kind) throw unusable("audio and video share a payload type");
			payloadTypes.set(payloadType, kind);
		}
	}
	return agreed;
}

export function unusable(detail: string): AppError {
	return new AppError("unusable-media", `The offer cannot be used: ${detail}`);
}

function agreeOn(offered: OfferedMedia, directions: Direction[]): AgreedMedia {
	const { kind, port, bundleOnly, protocol, direction, rtcpMux } = offered;
	if (kind !== "audio" && kind !== "video") throw unusable(`it has an m=${kind.slice(0, 20)} line`);
	// RFC 9143 section 6: port 0 means rejected, but with a=bundle-only it is how a bundled m= line looks.
	if (port === 0 && !bundleOnly) throw unusable(`its ${kind} is switched off (port 0)`);
	if (!protocols.includes(protocol)) throw unusable(`its ${kind} is not UDP/TLS/RTP/SAVPF`);
	if (!directions.includes(direction)) throw unusable(`its ${kind} is ${direction}, not ${directions.join(" or ")}`);
	if (!rtcpMux) throw unusable(`its ${kind} lacks a=rtcp-mux`);
	const codecs = agreeOnCodecs(offered, kind);
	if (codecs.length === 0)
		throw unusable(
			`its ${kind} has none of the codecs ${kind === "audio" ? "Opus" : "VP8, H264 (packetization-mode 1)"}`,
		);
	return { offered, kind, codecs };
}

import type { AgreedCodec, MediaKind } from "./codecs.ts";

/** Ids of the RTP header extensions both ends agreed on for one m= line (RFC 8285). */
export interface ExtensionIds {
	/** urn:ietf:params:rtp-hdrext:sdes:mid (RFC 9143) */
	mid?: number;
	/** urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id (RFC 8852) */
	rid?: number;
	/** urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id (RFC 8852) */
	repairedRid?: number;
	/** urn:ietf:params:rtp-hdrext:ssrc-audio-level (RFC 6464) */
	audioLevel?: number;
	/** http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01 */
	transportCc?: number;
	/** http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time */
	absSendTime?: number;
	/** urn:3gpp:video-orientation */
	orientation?: number;
}

/** What a publisher said in its SDP about an SSRC it will use. */
export interface DeclaredSsrc {
	ssrc: number;
	/** SSRC of its retransmissions (a=ssrc-group:FID). */
	rtxSsrc?: number;
}

/** One m= line of a WHIP session, as it was agreed. Plain data: it crosses threads. */
export interface PublishedMedia {
	kind: MediaKind;
	mid?: string;
	codecs: AgreedCodec[];
	extensions: ExtensionIds;
	/** Simulcast (RFC 8853): rids as offered, without order of quality; empty when there is one encoding without a rid. */
	rids: string[];
	/** Empty when the offer names none (RFC 8829 lets it). In the order of a=ssrc-group:SIM where there is one. */
	ssrcs: DeclaredSsrc[];
}

/** One m= line of a WHEP session, as it was agreed. Plain data: it crosses threads. */
export interface SubscribedMedia {
	kind: MediaKind;
	mid?: string;
	codecs: AgreedCodec[];
	extensions: ExtensionIds;
	/** What we send it under. */
	ssrc: number;
	/** What we send retransmissions under, when the codecs have an `rtxPayloadType`. */
	rtxSsrc?: number;
	cname: string;
	/** The i-th audio and the i-th video m= line are slot i. */
	slot: number;
}

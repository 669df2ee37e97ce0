import type { CodecName, MediaKind } from "../sdp/codecs.ts";

/** How one encoding of a publisher comes in. Counts are since its first packet. Plain data: it crosses threads. */
export interface LayerFigures {
	kind: MediaKind;
	rid: string | undefined;
	ssrc: number;
	codec: CodecName;
	width: number | undefined;
	height: number | undefined;
	active: boolean;
	/** Over about the last second. */
	bitsPerSecond: number;
	/** Without retransmissions on an SSRC of their own. */
	packets: number;
	lost: number;
	jitterMs: number;
	keyframes: number;
	/** Packets asked for again; one asked for twice counts twice. */
	nacksSent: number;
	/** Keyframes asked for, by PLI or FIR. */
	plisSent: number;
	/** As WebRTC's `freezeCount`. */
	freezes: number;
}

/** How one publisher comes in. Plain data: it crosses threads. */
export interface PublisherFigures {
	/** Undefined before anything told it. */
	rttMs: number | undefined;
	tracks: { kind: MediaKind; layers: LayerFigures[] }[];
}

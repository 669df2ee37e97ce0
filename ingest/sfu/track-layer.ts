import type { SenderReport } from "../rtp/rtcp-read.ts";
import type { AgreedCodec, CodecName, MediaKind } from "../sdp/codecs.ts";
import type { ExtensionIds } from "../sdp/session-media.ts";

/** One packet of a layer. Reused by the next one: consumers keep `packet`, not this object. */
export interface TrackPacket {
	/** As the publisher sent it, decrypted; retransmissions (RFC 4588) are unwrapped already. Nobody writes into it. */
	packet: Buffer;
	/** Extended sequence number in its layer: 16 bits of RTP and their rollovers. */
	index: number;
	codec: CodecName;
	/** Decoding can begin here. */
	keyframe: boolean;
	layer: TrackLayer;
}

/** The publisher's own mapping of a layer's RTP timestamps to a wall clock; `ntp` is on ours. */
export interface TrackReport extends SenderReport {
	receivedAtMs: number;
}

/** Gets everything of the layers it is added to, in order of arrival. */
export interface TrackConsumer {
	onPacket(packet: TrackPacket): void;
	onReport(report: TrackReport, layer: TrackLayer): void;
}

/** One encoding of a track: its only one, or a simulcast layer. */
export interface TrackLayer {
	readonly track: PublisherTrack;
	readonly ssrc: number;
	readonly rid: string | undefined;
	/** Of the newest packet. */
	readonly codec: AgreedCodec;
	/** Of the newest keyframe; undefined where the codec does not tell. */
	readonly width: number | undefined;
	readonly height: number | undefined;
	/** Bits a second of RTP over about the last second. */
	readonly bitrate: number;
	/** Packets come: it can be switched to. */
	readonly active: boolean;
	/** The newest believable sender report. */
	readonly lastReport: TrackReport | undefined;
	/** The packet of that extended sequence number, while it is kept for retransmission. */
	kept(index: number): Buffer | undefined;
	/**
	 * Asked of the publisher, coalesced and throttled, again and again until a keyframe comes. `begins`: somebody sees nothing
	 * until then.
	 */
	requestKeyframe(begins?: boolean): void;
	add(consumer: TrackConsumer): void;
	remove(consumer: TrackConsumer): void;
}

/** One audio or video stream of a publisher: one layer, or up to three that show the same. */
export interface PublisherTrack {
	readonly kind: MediaKind;
	/** Hz of the RTP timestamps. */
	readonly clockRate: number;
	readonly extensions: ExtensionIds;
	/** Those that carried a packet yet, lowest quality first. */
	readonly layers: readonly TrackLayer[];
	codecOf(packet: Buffer): AgreedCodec | undefined;
}

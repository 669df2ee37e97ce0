/** One coded picture as the decoder takes it. */
export interface AccessUnit {
	rtpTimestamp: number;
	/** Decodable on its own. */
	keyframe: boolean;
	/** Said by the coded headers: of a keyframe, or of what follows. */
	size: { width: number; height: number } | undefined;
	data: Buffer;
}

/** More than a sane publisher sends in one picture; what is longer is let go. */
export const MAX_ACCESS_UNIT_BYTES = 4 * 1024 * 1024;
/** Of these, each with as much as a packet of the internet carries. Packets of nothing must not be collected for ever. */
export const MAX_ACCESS_UNIT_PARTS = 4096;

/** Turns RTP payloads, in order, into access units. */
export interface VideoDepacketizer {
	push(packet: { timestamp: number; marker: boolean; payload: Buffer }): AccessUnit[];
	/** Packets are missing before the next one: what was begun cannot be completed. */
	reset(): void;
}

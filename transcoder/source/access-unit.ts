/** One coded picture as the decoder takes it. */
export interface AccessUnit {
	rtpTimestamp: number;
	/** Decodable on its own. */
	keyframe: boolean;
	/** Said by a keyframe's own header. */
	size: { width: number; height: number } | undefined;
	data: Buffer;
}

/** More than a sane publisher sends in one picture; what is longer is let go. */
export const MAX_ACCESS_UNIT_BYTES = 4 * 1024 * 1024;

/** Turns RTP payloads, in order, into access units. */
export interface VideoDepacketizer {
	push(packet: { timestamp: number; marker: boolean; payload: Buffer }): AccessUnit[];
	/** Packets are missing before the next one: what was begun cannot be completed. */
	reset(): void;
}

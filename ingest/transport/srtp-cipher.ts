import type { KeystreamRun } from "./srtp-keystream.ts";

/** How a profile seals and opens in one direction. It knows nothing of what came before: indices are given. */
export interface SrtpCipher {
	/** Bytes that sealing adds to RTP. */
	readonly rtpOverhead: number;
	/** Bytes that sealing adds to RTCP. */
	readonly rtcpOverhead: number;
	/** Where the index of a sealed RTCP packet stands, counted from its end. */
	readonly rtcpIndexFromEnd: number;
	/** Whether keystream can be made ahead, so that a `run` for each stream is worth its memory. */
	readonly runsAhead: boolean;
	/** In place: the first `length` bytes of `buffer` are in the clear, and `rtpOverhead` more are free. */
	sealRtp(buffer: Buffer, headerLength: number, length: number, index: number, run: KeystreamRun | undefined): void;
	/** In place; false, and nothing is touched, when `packet` is not authentic. Its last `rtpOverhead` bytes mean nothing afterwards. */
	openRtp(packet: Buffer, headerLength: number, index: number, run: KeystreamRun | undefined): boolean;
	/** A copy. */
	sealRtcp(packet: Buffer, index: number): Buffer;
	/** In place; false, and nothing is touched, when `packet` is not authentic. Its last `rtcpOverhead` bytes mean nothing afterwards. */
	openRtcp(packet: Buffer): boolean;
}

/** Set in front of the index of an RTCP packet that is encrypted (RFC 3711 section 3.4). */
export const ENCRYPTED_FLAG = 0x8000_0000;
/** What of an RTCP packet stays in the clear: its first header and SSRC. */
export const RTCP_CLEAR_BYTES = 8;

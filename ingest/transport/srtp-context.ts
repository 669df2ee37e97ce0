/** What DTLS agreed on (RFC 5764 section 4.1.2, RFC 7714 section 14.2). */
export type SrtpProfile = "AES_CM_128_HMAC_SHA1_80" | "AEAD_AES_128_GCM";

/** Master key and salt of one direction, from the DTLS handshake (RFC 5764 section 4.2). */
export interface SrtpMaster {
	/** 16 bytes. */
	key: Uint8Array;
	/** 14 bytes, or 12 with GCM. */
	salt: Uint8Array;
}

/** Protects what one connection sends. */
export interface SrtpSender {
	/** Bytes `protectRtp` adds. */
	readonly overhead: number;
	/**
	 * In place: the first `length` bytes of `buffer` are an RTP packet in the clear, with room for `overhead` more.
	 * `index`: the extended sequence number; never the same for two different packets of one SSRC (the keystream would repeat).
	 * Returns the length of the protected packet.
	 */
	protectRtp(buffer: Buffer, length: number, index: number): number;
	protectRtcp(packet: Buffer): Buffer;
}

/** Opens what one connection receives. */
export interface SrtpReceiver {
	/** In place: a view of `datagram` with the packet in the clear; undefined when malformed, not authentic or a repetition. */
	unprotectRtp(datagram: Buffer): Buffer | undefined;
	unprotectRtcp(datagram: Buffer): Buffer | undefined;
}

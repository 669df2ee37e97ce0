/** The part of a connection that media goes out by. */
export interface MediaSender {
	/** Where the next outgoing RTP packet is written, in the clear. Read it anew for each packet: a slow socket keeps the old one. */
	readonly scratch: Buffer;
	/**
	 * Protects and sends the first `length` bytes of `scratch`. `index` is the packet's extended sequence number (rollover
	 * counter times 65,536 and sequence, RFC 3711 section 3.3.1); never the same for two different packets of one SSRC.
	 */
	sendRtp(length: number, index: number): void;
	/** `packet`: a compound RTCP packet in the clear. */
	sendRtcp(packet: Buffer): void;
}

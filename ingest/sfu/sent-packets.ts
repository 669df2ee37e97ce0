/** What all streams of a connection share: the transport-wide sequence number and who hears of what is sent. */
export interface SentPackets {
	/** Of the next packet; counts on with `onSent`. */
	readonly nextSequence: number;
	/** `bytes`: of the RTP packet. Only of streams whose packets carry that number. */
	onSent(bytes: number): void;
}

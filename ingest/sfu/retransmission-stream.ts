import { randomInt } from "node:crypto";
import type { Clock } from "../../core/runtime/clock.ts";
import { timestampOf } from "../rtp/rtp-packet.ts";
import type { CodecName } from "../sdp/codecs.ts";
import type { SubscribedMedia } from "../sdp/session-media.ts";
import type { LayerForwarder } from "./layer-forwarder.ts";
import type { MediaSender } from "./media-sender.ts";
import { absSendTime, MAX_ADDED_BYTES, type OutgoingHeader } from "./outgoing-header.ts";
import type { SentPackets } from "./sent-packets.ts";
import type { Segment } from "./stream-segments.ts";

const ORIGINAL_SEQUENCE_BYTES = 2;
/** Bytes of padding one packet can hold (RFC 3550 section 5.1). */
const MAX_PADDING_BYTES = 255;
const PADDING_FLAG = 0x20;

/** The retransmissions of one outgoing stream, as a stream of their own (RFC 4588), which carries padding, too. */
export class RetransmissionStream {
	readonly #media: SubscribedMedia;
	readonly #ssrc: number;
	readonly #header: OutgoingHeader;
	readonly #sender: MediaSender;
	readonly #sent: SentPackets;
	readonly #clock: Clock;
	#index = drawIndex();

	constructor(
		options: { media: SubscribedMedia; ssrc: number; header: OutgoingHeader; sender: MediaSender; sent: SentPackets },
		{ clock }: { clock: Clock },
	) {
		this.#media = options.media;
		this.#ssrc = options.ssrc;
		this.#header = options.header;
		this.#sender = options.sender;
		this.#sent = options.sent;
		this.#clock = clock;
	}

	/** Whether the receiver takes retransmissions of that codec. */
	carries(codec: CodecName): boolean {
		return this.#payloadType(codec) >= 0;
	}

	/** Sends packet `outIndex` of the original stream, as that has it. */
	resend(
		packet: Buffer,
		payloadStart: number,
		outIndex: number,
		segment: Segment,
		codec: CodecName,
		forwarder: LayerForwarder,
	): void {
		const { scratch } = this.#sender;
		if (packet.length + MAX_ADDED_BYTES > scratch.length) return;
		const type = ((packet[1] ?? 0) & 0x80) | this.#payloadType(codec);
		const timestamp = (timestampOf(packet) + segment.timestampOffset) >>> 0;
		const start = this.#writeHeader((packet[0] ?? 0) & PADDING_FLAG, type, timestamp, packet, segment);
		scratch.writeUInt16BE(outIndex & 0xffff, start);
		this.#send(forwarder.writePayload(scratch, start + ORIGINAL_SEQUENCE_BYTES, packet, payloadStart, segment, codec));
	}

	/** Sends at least `bytes` that carry nothing; returns how many. */
	sendPadding(bytes: number, codec: CodecName, timestamp: number): number {
		let sent = 0;
		while (sent < bytes) {
			const { scratch } = this.#sender;
			const start = this.#writeHeader(PADDING_FLAG, this.#payloadType(codec), timestamp, undefined, undefined);
			const end = start + MAX_PADDING_BYTES;
			scratch.fill(0, start, end - 1);
			scratch[end - 1] = MAX_PADDING_BYTES;
			this.#send(end);
			sent += end;
		}
		return sent;
	}

	#writeHeader(
		flags: number,
		type: number,
		timestamp: number,
		source: Buffer | undefined,
		segment: Segment | undefined,
	): number {
		return this.#header.write(
			this.#sender.scratch,
			flags,
			type,
			this.#index,
			timestamp,
			this.#ssrc,
			this.#sent.nextSequence,
			absSendTime(this.#clock.now()),
			source,
			segment?.layer.track.extensions,
		);
	}

	#send(bytes: number): void {
		this.#sender.sendRtp(bytes, this.#index++);
		if (this.#media.extensions.transportCc !== undefined) this.#sent.onSent(bytes);
	}

	/** -1 when it was not agreed. */
	#payloadType(codec: CodecName): number {
		for (const agreed of this.#media.codecs) if (agreed.codec === codec) return agreed.rtxPayloadType ?? -1;
		return -1;
	}
}

/**
 * Where a stream's numbers begin: at random (RFC 3550 section 5.1), in the lower half, so that a packet out of order
 * cannot lie before zero.
 */
export function drawIndex(): number {
	return randomInt(1_000, 30_000);
}

import type { FeedTrack } from "../../core/protocol/feed.ts";

const RTP_HEADER_BYTES = 12;
const SENDER_REPORT_BYTES = 28;
const SENDER_REPORT = 200;
/** Seconds from 1900 (NTP) to 1970 (Unix). */
const NTP_EPOCH_S = 2_208_988_800;
const COUNTER_RANGE = 2 ** 32;

/** Numbers the packets of one track (RFC 3550). Its timestamps count from the Unix epoch, so that all tracks are of one clock. */
export class RtpStream {
	readonly track: FeedTrack;
	#sequence = 0;
	#packets = 0;
	#octets = 0;

	constructor(track: FeedTrack) {
		this.track = track;
	}

	/** `captureMs`: ms since the Unix epoch. */
	packet(payload: Buffer, captureMs: number, marker: boolean): Buffer {
		const packet = Buffer.allocUnsafe(RTP_HEADER_BYTES + payload.length);
		packet[0] = 0x80;
		packet[1] = (marker ? 0x80 : 0) | this.track.payloadType;
		packet.writeUInt16BE(this.#sequence, 2);
		packet.writeUInt32BE(this.#timestamp(captureMs), 4);
		packet.writeUInt32BE(this.track.ssrc, 8);
		payload.copy(packet, RTP_HEADER_BYTES);
		this.#sequence = (this.#sequence + 1) & 0xffff;
		this.#packets = (this.#packets + 1) % COUNTER_RANGE;
		this.#octets = (this.#octets + payload.length) % COUNTER_RANGE;
		return packet;
	}

	/** Section 6.4.1. */
	report(nowMs: number): Buffer {
		const packet = Buffer.alloc(SENDER_REPORT_BYTES);
		packet[0] = 0x80;
		packet[1] = SENDER_REPORT;
		packet.writeUInt16BE(SENDER_REPORT_BYTES / 4 - 1, 2);
		packet.writeUInt32BE(this.track.ssrc, 4);
		const seconds = Math.floor(nowMs / 1000);
		packet.writeUInt32BE((seconds + NTP_EPOCH_S) % COUNTER_RANGE, 8);
		packet.writeUInt32BE(Math.floor((nowMs / 1000 - seconds) * COUNTER_RANGE), 12);
		packet.writeUInt32BE(this.#timestamp(nowMs), 16);
		packet.writeUInt32BE(this.#packets, 20);
		packet.writeUInt32BE(this.#octets, 24);
		return packet;
	}

	#timestamp(atMs: number): number {
		return Math.round((atMs * this.track.clockRate) / 1000) % COUNTER_RANGE;
	}
}

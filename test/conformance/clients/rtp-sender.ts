import { randomInt } from "node:crypto";

const NTP_EPOCH_S = 2_208_988_800;

export interface RtpStreamOptions {
	ssrc: number;
	payloadType: number;
	clockRate: number;
}

/** RTP and sender reports of one stream, made by hand, without header extensions: as plain encoders send. */
export class RtpSender {
	readonly #options: RtpStreamOptions;
	#sequence = randomInt(2 ** 15);
	readonly #firstTimestamp = randomInt(2 ** 31);
	#packets = 0;
	#bytes = 0;

	constructor(options: RtpStreamOptions) {
		this.#options = options;
	}

	/** `atMs`: since the start of the stream. */
	packet(payload: Buffer, atMs: number, marker: boolean): Buffer {
		const header = Buffer.alloc(12);
		header[0] = 0x80;
		header[1] = (marker ? 0x80 : 0) | this.#options.payloadType;
		header.writeUInt16BE(this.#sequence++ & 0xffff, 2);
		header.writeUInt32BE(this.#timestamp(atMs), 4);
		header.writeUInt32BE(this.#options.ssrc, 8);
		this.#packets++;
		this.#bytes += payload.length;
		return Buffer.concat([header, payload]);
	}

	/** RFC 3550 section 6.4.1, without report blocks. */
	senderReport(atMs: number): Buffer {
		const report = Buffer.alloc(28);
		report[0] = 0x80;
		report[1] = 200;
		report.writeUInt16BE(6, 2);
		report.writeUInt32BE(this.#options.ssrc, 4);
		const now = Date.now() / 1000 + NTP_EPOCH_S;
		report.writeUInt32BE(Math.floor(now), 8);
		report.writeUInt32BE(Math.floor((now % 1) * 2 ** 32), 12);
		report.writeUInt32BE(this.#timestamp(atMs), 16);
		report.writeUInt32BE(this.#packets, 20);
		report.writeUInt32BE(this.#bytes, 24);
		return report;
	}

	#timestamp(atMs: number): number {
		return (this.#firstTimestamp + Math.round((atMs * this.#options.clockRate) / 1000)) % 2 ** 32;
	}
}

export interface SenderReport {
	ssrc: number;
	/** The publisher's wall clock in ms since the Unix epoch, by its own reckoning. */
	ntpMs: number;
	/** RTP timestamp of that instant. */
	rtpTimestamp: number;
}

const SENDER_REPORT = 200;
const PAYLOAD_SPECIFIC_FEEDBACK = 206;
const PICTURE_LOSS_INDICATION = 1;
/** Seconds from 1900 (NTP) to 1970 (Unix). */
const NTP_EPOCH_S = 2_208_988_800;

/** The sender reports of a compound packet (RFC 3550 section 6.4.1). A broken packet ends the list. */
export function parseSenderReports(packet: Buffer): SenderReport[] {
	const reports: SenderReport[] = [];
	for (let at = 0; at + 4 <= packet.length; ) {
		const length = (packet.readUInt16BE(at + 2) + 1) * 4;
		if (packet.readUInt8(at) >> 6 !== 2 || at + length > packet.length) break;
		if (packet.readUInt8(at + 1) === SENDER_REPORT && length >= 28) {
			const seconds = packet.readUInt32BE(at + 8);
			const fraction = packet.readUInt32BE(at + 12) / 2 ** 32;
			reports.push({
				ssrc: packet.readUInt32BE(at + 4),
				ntpMs: (seconds - NTP_EPOCH_S + fraction) * 1000,
				rtpTimestamp: packet.readUInt32BE(at + 16),
			});
		}
		at += length;
	}
	return reports;
}

/** Asks the sender of `ssrc` for a keyframe (RFC 4585 section 6.3.1). */
export function pictureLossIndication(ssrc: number): Buffer {
	const packet = Buffer.alloc(12);
	packet.writeUInt8(0x80 | PICTURE_LOSS_INDICATION, 0);
	packet.writeUInt8(PAYLOAD_SPECIFIC_FEEDBACK, 1);
	packet.writeUInt16BE(2, 2);
	packet.writeUInt32BE(1, 4); // the transcoder sends no media, so its own SSRC says nothing
	packet.writeUInt32BE(ssrc, 8);
	return packet;
}

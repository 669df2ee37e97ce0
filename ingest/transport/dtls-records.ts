const RECORD_HEADER_BYTES = 13;
export const ALERT = 21;
const HANDSHAKE = 22;

export interface DtlsRecord {
	contentType: number;
	/** 0: in the clear. */
	epoch: number;
	sequenceNumber: number;
	/** Header and fragment. */
	bytes: Buffer;
}

/** Whether a datagram is DTLS (RFC 7983 section 7). */
export function isDtls(datagram: Buffer): boolean {
	const first = datagram[0] ?? 0;
	return first >= 20 && first <= 63;
}

/** The whole, well-formed records of a datagram (RFC 6347 section 4.1). What follows a bad one cannot be found. */
export function dtlsRecords(datagram: Buffer): DtlsRecord[] {
	const records: DtlsRecord[] = [];
	for (let at = 0; at + RECORD_HEADER_BYTES <= datagram.length; ) {
		const contentType = datagram.readUInt8(at);
		const end = at + RECORD_HEADER_BYTES + datagram.readUInt16BE(at + 11);
		if (contentType < 20 || contentType > 23 || datagram.readUInt8(at + 1) !== 0xfe || end > datagram.length) break;
		if (end > at + RECORD_HEADER_BYTES) {
			records.push({
				contentType,
				epoch: datagram.readUInt16BE(at + 3),
				sequenceNumber: datagram.readUIntBE(at + 5, 6),
				bytes: datagram.subarray(at, end),
			});
		}
		at = end;
	}
	return records;
}

/** The unencrypted part after the header. */
export const fragmentOf = ({ bytes }: DtlsRecord): Buffer => bytes.subarray(RECORD_HEADER_BYTES);

export const isAlert = ({ contentType }: DtlsRecord): boolean => contentType === ALERT;

/** A handshake message of that type in the clear, as anyone on the path could send it. */
export function isPlainHandshake(record: DtlsRecord, messageType: number): boolean {
	return record.epoch === 0 && record.contentType === HANDSHAKE && fragmentOf(record)[0] === messageType;
}

/** The record of an alert that is encrypted already. */
export function alertRecord(epoch: number, sequenceNumber: number, fragment: Buffer): Buffer {
	const header = Buffer.alloc(RECORD_HEADER_BYTES);
	header.writeUInt8(ALERT, 0);
	header.writeUInt16BE(0xfefd, 1);
	header.writeUInt16BE(epoch, 3);
	header.writeUIntBE(sequenceNumber, 5, 6);
	header.writeUInt16BE(fragment.length, 11);
	return Buffer.concat([header, fragment]);
}

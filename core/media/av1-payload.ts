/**
 * What an RTP packet carries of AV1 (RTP Payload Format for AV1, version 1.0, section 4): OBUs, or pieces of them, without
 * their sizes. Views into the payload.
 */
export interface Av1Payload {
	/** The first element goes on where the last one of the packet before ended. */
	continues: boolean;
	/** The last element goes on in the next packet. */
	continued: boolean;
	/** A coded video sequence begins: decoding can. */
	beginsSequence: boolean;
	elements: Uint8Array[];
}

export const SEQUENCE_HEADER = 1;
const HAS_EXTENSION = 0x04;
const HAS_SIZE = 0x02;
/** Of a size within a packet (LEB128): 21 bits, where a packet's length has 16. */
const MAX_SIZE_BYTES = 3;

/** Undefined when an element does not fit in, or is empty where it must not be. */
export function readAv1Payload(payload: Uint8Array): Av1Payload | undefined {
	const head = payload[0];
	if (head === undefined) return undefined;
	const count = (head >> 4) & 3;
	const elements: Uint8Array[] = [];
	for (let at = 1; at < payload.length; ) {
		let length = payload.length - at;
		if (count === 0 || elements.length < count - 1) {
			const size = readSize(payload, at);
			if (!size || size.value > length - size.bytes) return undefined;
			length = size.value;
			at += size.bytes;
		}
		elements.push(payload.subarray(at, at + length));
		at += length;
	}
	if (elements.length === 0 || (count > 0 && elements.length !== count)) return undefined;
	return {
		continues: (head & 0x80) !== 0,
		continued: (head & 0x40) !== 0,
		beginsSequence: (head & 0x08) !== 0,
		elements,
	};
}

export interface Obu {
	type: number;
	/** Header and extension, as they are where a size follows. */
	header: Uint8Array;
	payload: Uint8Array;
}

/** A whole OBU, which may have its size within although RTP needs none. Undefined when it is cut off, or says what it must not. */
export function readObu(bytes: Uint8Array): Obu | undefined {
	const first = bytes[0];
	if (first === undefined || (first & 0x80) !== 0) return undefined;
	const headerLength = (first & HAS_EXTENSION) !== 0 ? 2 : 1;
	if (bytes.length < headerLength) return undefined;
	let payload = bytes.subarray(headerLength);
	if ((first & HAS_SIZE) !== 0) {
		const size = readSize(payload, 0, 8);
		if (!size || size.value > payload.length - size.bytes) return undefined;
		payload = payload.subarray(size.bytes, size.bytes + size.value);
	}
	const header = Uint8Array.from(bytes.subarray(0, headerLength));
	header[0] = first | HAS_SIZE;
	return { type: (first >> 3) & 15, header, payload };
}

/** LEB128 (AV1 bitstream specification, section 4.10.5). */
function readSize(
	bytes: Uint8Array,
	start: number,
	maxBytes = MAX_SIZE_BYTES,
): { value: number; bytes: number } | undefined {
	let value = 0;
	for (let index = 0; index < maxBytes; index++) {
		const byte = bytes[start + index];
		if (byte === undefined) return undefined;
		value += (byte & 0x7f) * 2 ** (7 * index);
		if ((byte & 0x80) === 0) return { value, bytes: index + 1 };
	}
	return undefined;
}

/** LEB128 with as few bytes as hold it. */
export function sizeBytes(value: number): Uint8Array {
	const bytes: number[] = [];
	let rest = value;
	do {
		bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
		rest >>>= 7;
	} while (rest > 0);
	return Uint8Array.from(bytes);
}

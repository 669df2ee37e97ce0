import {
	type AccessUnit,
	MAX_ACCESS_UNIT_BYTES,
	MAX_ACCESS_UNIT_PARTS,
	type VideoDepacketizer,
} from "./access-unit.ts";

/** VP8 frames out of RTP payloads (RFC 7741). */
export class Vp8Depacketizer implements VideoDepacketizer {
	#parts: Buffer[] = [];
	#bytes = 0;
	#timestamp: number | undefined;

	push({ timestamp, marker, payload }: { timestamp: number; marker: boolean; payload: Buffer }): AccessUnit[] {
		const descriptor = parseDescriptor(payload);
		if (!descriptor) {
			this.reset();
			return [];
		}
		if (descriptor.startsFrame) {
			this.reset();
			this.#timestamp = timestamp;
		}
		// A frame whose start is missing, or whose end was: neither can be decoded.
		const tooMuch = this.#bytes > MAX_ACCESS_UNIT_BYTES || this.#parts.length > MAX_ACCESS_UNIT_PARTS;
		if (this.#timestamp !== timestamp || tooMuch) {
			this.reset();
			return [];
		}
		const part = payload.subarray(descriptor.bytes);
		this.#parts.push(part);
		this.#bytes += part.length;
		if (!marker) return [];
		const data = Buffer.concat(this.#parts);
		this.reset();
		return data.length > 0 ? [describe(data, timestamp)] : [];
	}

	reset(): void {
		this.#parts = [];
		this.#bytes = 0;
		this.#timestamp = undefined;
	}
}

/** RFC 7741 section 4.2. Undefined when the payload ends within the descriptor. */
function parseDescriptor(payload: Buffer): { bytes: number; startsFrame: boolean } | undefined {
	const first = payload[0];
	if (first === undefined) return undefined;
	let bytes = 1;
	if ((first & 0x80) !== 0) {
		const extension = payload[bytes++] ?? 0;
		if ((extension & 0x80) !== 0) bytes += ((payload[bytes] ?? 0) & 0x80) !== 0 ? 2 : 1; // PictureID of 15 or 7 bits
		if ((extension & 0x40) !== 0) bytes++; // TL0PICIDX
		if ((extension & 0x30) !== 0) bytes++; // TID, KEYIDX
	}
	if (bytes > payload.length) return undefined;
	return { bytes, startsFrame: (first & 0x10) !== 0 && (first & 7) === 0 };
}

/** RFC 6386 section 9.1. */
function describe(data: Buffer, rtpTimestamp: number): AccessUnit {
	const keyframe = ((data[0] ?? 1) & 1) === 0;
	const hasSize = keyframe && data.length >= 10 && data.readUIntBE(3, 3) === 0x9d012a;
	const size = hasSize ? { width: data.readUInt16LE(6) & 0x3fff, height: data.readUInt16LE(8) & 0x3fff } : undefined;
	return { rtpTimestamp, keyframe, size, data };
}

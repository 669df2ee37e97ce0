const HEADER_BYTES = 7;

export interface AacAccessUnit {
	/** AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1) that the header stands for. */
	audioSpecificConfig: Buffer;
	data: Buffer;
}

/** Cuts raw AAC access units out of an ADTS stream (ISO/IEC 13818-7 section 6.2). */
export class AdtsReader {
	#pending: Buffer = Buffer.alloc(0);

	/** @throws Error where a header must be and is not; the stream is of no use after it. */
	*push(chunk: Buffer): Generator<AacAccessUnit> {
		this.#pending = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
		while (this.#pending.length >= HEADER_BYTES) {
			const bytes = this.#pending;
			if ((bytes.readUInt16BE(0) & 0xfff6) !== 0xfff0) throw new Error("no ADTS header");
			const headerBytes = (bytes.readUInt8(1) & 1) === 1 ? HEADER_BYTES : HEADER_BYTES + 2;
			const length = (bytes.readUIntBE(3, 3) >> 5) & 0x1fff;
			if (length < headerBytes) throw new Error(`ADTS frame of ${length} bytes`);
			if (bytes.length < length) return;
			this.#pending = bytes.subarray(length);
			const objectType = (bytes.readUInt8(2) >> 6) + 1;
			const frequencyIndex = (bytes.readUInt8(2) >> 2) & 15;
			const channels = (bytes.readUInt16BE(2) >> 6) & 7;
			const audioSpecificConfig = Buffer.alloc(2);
			audioSpecificConfig.writeUInt16BE((objectType << 11) | (frequencyIndex << 7) | (channels << 3));
			yield { audioSpecificConfig, data: bytes.subarray(headerBytes, length) };
		}
	}
}

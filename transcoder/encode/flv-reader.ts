const FILE_HEADER_BYTES = 9;
const TAG_HEADER_BYTES = 11;
const TAG_TRAILER_BYTES = 4;
const TAG_VIDEO = 9;
const CODEC_AVC = 7;
const AVC_CONFIG = 0;
const AVC_NALUS = 1;
const FRAME_KEY = 1;

export type FlvItem =
	/** AVCDecoderConfigurationRecord. */
	| { avcC: Buffer }
	/** Length-prefixed NAL units. `timestampMs`: decode time, modulo 2^31. */
	| { timestampMs: number; keyframe: boolean; data: Buffer };

/** Cuts the H.264 frames out of an FLV stream (Adobe Flash Video File Format 10.1, annex E). */
export class FlvReader {
	#pending: Buffer = Buffer.alloc(0);
	#started = false;

	/** @throws Error on what is no FLV with H.264; the stream is of no use after it. */
	*push(chunk: Buffer): Generator<FlvItem> {
		this.#pending = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
		if (!this.#started) {
			if (this.#pending.length < FILE_HEADER_BYTES + TAG_TRAILER_BYTES) return;
			if (this.#pending.toString("latin1", 0, 3) !== "FLV") throw new Error("no FLV header");
			this.#pending = this.#pending.subarray(this.#pending.readUInt32BE(5) + TAG_TRAILER_BYTES);
			this.#started = true;
		}
		while (this.#pending.length >= TAG_HEADER_BYTES) {
			const size = this.#pending.readUIntBE(1, 3);
			const total = TAG_HEADER_BYTES + size + TAG_TRAILER_BYTES;
			if (this.#pending.length < total) return;
			const tag = this.#pending.subarray(0, total);
			this.#pending = this.#pending.subarray(total);
			const item = readTag(tag, size);
			if (item) yield item;
		}
	}
}

function readTag(tag: Buffer, size: number): FlvItem | undefined {
	if (tag.readUInt8(0) !== TAG_VIDEO) return undefined;
	if (size < 5) throw new Error(`FLV video tag of ${size} bytes`);
	const frameAndCodec = tag.readUInt8(TAG_HEADER_BYTES);
	if ((frameAndCodec & 15) !== CODEC_AVC) throw new Error(`FLV video codec ${frameAndCodec & 15}`);
	const packetType = tag.readUInt8(TAG_HEADER_BYTES + 1);
	const data = tag.subarray(TAG_HEADER_BYTES + 5, TAG_HEADER_BYTES + size);
	if (packetType === AVC_CONFIG) return { avcC: data };
	if (packetType !== AVC_NALUS) return undefined;
	return {
		timestampMs: tag.readUIntBE(4, 3) + ((tag.readUInt8(7) & 0x7f) << 24),
		keyframe: frameAndCodec >> 4 === FRAME_KEY,
		data,
	};
}

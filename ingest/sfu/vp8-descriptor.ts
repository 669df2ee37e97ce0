/** The running numbers of a VP8 stream (RFC 7741 section 4.2), which tell a decoder which frame needs which. */
export const PICTURE_ID_RANGE = 0x8000;
export const TL0_RANGE = 0x100;
export const KEY_INDEX_RANGE = 0x20;

const EXTENDED = 0x80;
const HAS_PICTURE_ID = 0x80;
const HAS_TL0 = 0x40;
const HAS_TID = 0x20;
const HAS_KEY_INDEX = 0x10;
const LONG_PICTURE_ID = 0x80;

/** What is added to each of those numbers. */
export interface Vp8Offsets {
	pictureIdOffset: number;
	tl0Offset: number;
	keyIndexOffset: number;
}

/** A VP8 payload descriptor. One object is read into again and again. */
export class Vp8Descriptor {
	/** Bytes of the descriptor; 0 when the packet is cut off in it. */
	length = 0;
	/** -1 where absent; of 7 or 15 bits. */
	pictureId = -1;
	tl0 = -1;
	keyIndex = -1;
	/** The picture id has 15 bits rather than 7. */
	longPictureId = false;

	/** Of the payload that fills `packet` from `start` to `end`. */
	read(packet: Buffer, start: number, end: number): void {
		this.length = 0;
		this.pictureId = -1;
		this.tl0 = -1;
		this.keyIndex = -1;
		this.longPictureId = false;
		let at = start + 1;
		if (at > end) return;
		if (((packet[start] ?? 0) & EXTENDED) !== 0) {
			const present = packet[at++] ?? 0;
			if ((present & HAS_PICTURE_ID) !== 0) {
				const first = packet[at++] ?? 0;
				this.longPictureId = (first & LONG_PICTURE_ID) !== 0;
				this.pictureId = this.longPictureId ? ((first & 0x7f) << 8) | (packet[at++] ?? 0) : first;
			}
			if ((present & HAS_TL0) !== 0) this.tl0 = packet[at++] ?? 0;
			if ((present & (HAS_TID | HAS_KEY_INDEX)) !== 0) {
				if ((present & HAS_KEY_INDEX) !== 0) this.keyIndex = (packet[at] ?? 0) & 0x1f;
				at++;
			}
		}
		if (at > end) {
			this.pictureId = -1;
			this.tl0 = -1;
			this.keyIndex = -1;
		} else this.length = at - start;
	}

	/**
	 * Writes the descriptor read last, from `packet` at `start`, to `target` at `at` with other numbers, and returns how many
	 * bytes it takes there. Picture ids become 15 bits long: sources with 7 and with 15 share one stream, whose receivers
	 * count modulo 2^15.
	 */
	write(target: Buffer, at: number, packet: Buffer, start: number, offsets: Vp8Offsets): number {
		if (this.length === 0) return 0;
		let from = start;
		let to = at;
		target[to++] = packet[from++] ?? 0;
		if (this.length > 1) target[to++] = packet[from++] ?? 0;
		if (this.pictureId >= 0) {
			const pictureId = (this.pictureId + offsets.pictureIdOffset) & (PICTURE_ID_RANGE - 1);
			target[to++] = LONG_PICTURE_ID | (pictureId >> 8);
			target[to++] = pictureId & 0xff;
			from += this.longPictureId ? 2 : 1;
		}
		if (this.tl0 >= 0) {
			target[to++] = (this.tl0 + offsets.tl0Offset) & (TL0_RANGE - 1);
			from++;
		}
		if (from < start + this.length) {
			const last = packet[from] ?? 0;
			target[to++] =
				this.keyIndex < 0 ? last : (last & 0xe0) | ((this.keyIndex + offsets.keyIndexOffset) & (KEY_INDEX_RANGE - 1));
		}
		return to - at;
	}
}

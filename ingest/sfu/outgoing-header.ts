import { extensionLength, extensionStart, findExtension } from "../rtp/rtp-packet.ts";
import type { ExtensionIds } from "../sdp/session-media.ts";

const FIXED_HEADER_BYTES = 12;
const ONE_BYTE_PROFILE = 0xbede;
/** The longest element of a one-byte header (RFC 8285 section 4.2). */
const MAX_ELEMENT_BYTES = 16;
/** 24 bits of seconds, 18 of them behind the point. */
const ABS_SEND_TIME_PER_MS = 2 ** 18 / 1000;
const ABS_SEND_TIME_RANGE = 2 ** 24;

/** More than this class and the rewriting of a payload ever add to a packet. */
export const MAX_ADDED_BYTES = 64;

/** The abs-send-time of a moment. */
export function absSendTime(nowMs: number): number {
	return Math.floor(nowMs * ABS_SEND_TIME_PER_MS) % ABS_SEND_TIME_RANGE;
}

/**
 * Writes the headers of what goes out by one m= line: with the extensions agreed there, under its ids. Of the publisher's
 * extensions audio level and orientation pass; all else was said to us, not to the subscriber.
 */
export class OutgoingHeader {
	readonly #ids: ExtensionIds;
	/** The element that names the m= line. */
	readonly #mid: Buffer;

	constructor({ mid, extensions }: { mid?: string; extensions: ExtensionIds }) {
		this.#ids = extensions;
		const name = Buffer.from(mid ?? "", "latin1");
		const usable = extensions.mid !== undefined && name.length > 0 && name.length <= MAX_ELEMENT_BYTES;
		this.#mid = usable
			? Buffer.concat([Buffer.from([((extensions.mid ?? 0) << 4) | (name.length - 1)]), name])
			: Buffer.alloc(0);
	}

	/**
	 * To the start of `target`; returns where the payload goes. `flags` and `type`: the first two bytes without version,
	 * extension bit and CSRC count (padding bit; marker and payload type). `source`: whose extensions are passed on, by the
	 * ids in `sourceIds`.
	 */
	write(
		target: Buffer,
		flags: number,
		type: number,
		index: number,
		timestamp: number,
		ssrc: number,
		transportSequence: number,
		sendTime: number,
		source: Buffer | undefined,
		sourceIds: ExtensionIds | undefined,
	): number {
		target[0] = 0x80 | flags;
		target[1] = type;
		target.writeUInt16BE(index & 0xffff, 2);
		target.writeUInt32BE(timestamp, 4);
		target.writeUInt32BE(ssrc, 8);
		const ids = this.#ids;
		const start = FIXED_HEADER_BYTES + 4;
		let at = start;
		if (this.#mid.length > 0) at += this.#mid.copy(target, at);
		if (ids.transportCc !== undefined) {
			target[at] = (ids.transportCc << 4) | 1;
			target.writeUInt16BE(transportSequence & 0xffff, at + 1);
			at += 3;
		}
		if (ids.absSendTime !== undefined) {
			target[at] = (ids.absSendTime << 4) | 2;
			target.writeUIntBE(sendTime, at + 1, 3);
			at += 4;
		}
		if (source && sourceIds) {
			at = copyByte(target, at, ids.audioLevel, source, sourceIds.audioLevel);
			at = copyByte(target, at, ids.orientation, source, sourceIds.orientation);
		}
		if (at === start) return FIXED_HEADER_BYTES;
		while ((at & 3) !== 0) target[at++] = 0;
		target[0] |= 0x10;
		target.writeUInt16BE(ONE_BYTE_PROFILE, FIXED_HEADER_BYTES);
		target.writeUInt16BE((at - start) >> 2, FIXED_HEADER_BYTES + 2);
		return at;
	}
}

/** Passes an extension of one byte of data on under another id. */
function copyByte(
	target: Buffer,
	at: number,
	id: number | undefined,
	source: Buffer,
	sourceId: number | undefined,
): number {
	if (id === undefined || sourceId === undefined) return at;
	const found = findExtension(source, sourceId);
	if (found < 0 || extensionLength(found) !== 1) return at;
	target[at] = id << 4;
	target[at + 1] = source[extensionStart(found)] ?? 0;
	return at + 2;
}

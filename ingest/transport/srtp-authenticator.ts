import { hash } from "node:crypto";

/** The tag of AES_CM_128_HMAC_SHA1_80. */
export const TAG_BYTES = 10;
/** A block of SHA-1, which the padded key fills (RFC 2104). */
const PAD_BYTES = 64;
const DIGEST_BYTES = 20;
/** What is authenticated after the packet: rollover counter, or index of SRTCP. */
const TRAILER_BYTES = 4;
/** Enough for what fits an Ethernet frame; more is made room for when it comes. */
const USUAL_PACKET_BYTES = 1536;

/**
 * HMAC-SHA1 (RFC 3711 section 4.2.1) over a packet that lies behind the padded key: two one-shot hashes, a third of what
 * `createHmac` costs. Their digests are strings of bytes because these cost less than buffers.
 */
export class PacketAuthenticator {
	/** The packet lies in it from `packetAt` on; it is replaced by `reserve`. */
	bytes: Buffer;
	/** The same memory. Packets begin at `packetAt / 4`. */
	words: Uint32Array;
	readonly packetAt = PAD_BYTES;
	readonly #outer = Buffer.alloc(PAD_BYTES + DIGEST_BYTES);

	constructor(key: Buffer) {
		this.words = new Uint32Array((PAD_BYTES + USUAL_PACKET_BYTES + TRAILER_BYTES) / 4);
		this.bytes = Buffer.from(this.words.buffer);
		for (let at = 0; at < PAD_BYTES; at++) {
			this.bytes[at] = (key[at] ?? 0) ^ 0x36;
			this.#outer[at] = (key[at] ?? 0) ^ 0x5c;
		}
	}

	/** Makes room for a packet of `length` bytes and what follows it. */
	reserve(length: number): void {
		const needed = PAD_BYTES + length + TRAILER_BYTES;
		if (needed <= this.bytes.length) return;
		const words = new Uint32Array(Math.ceil(needed / 4));
		const bytes = Buffer.from(words.buffer);
		this.bytes.copy(bytes, 0, 0, PAD_BYTES);
		this.words = words;
		this.bytes = bytes;
	}

	/** The digest of the `length` bytes at `packetAt` and of `trailer`, 32 bits; the first `TAG_BYTES` characters are the tag. */
	digest(length: number, trailer: number): string {
		const { bytes } = this;
		const end = PAD_BYTES + length;
		bytes[end] = trailer >>> 24;
		bytes[end + 1] = trailer >>> 16;
		bytes[end + 2] = trailer >>> 8;
		bytes[end + 3] = trailer;
		const inner = hash("sha1", bytes.subarray(0, end + TRAILER_BYTES), "binary");
		this.#outer.write(inner, PAD_BYTES, DIGEST_BYTES, "latin1");
		return hash("sha1", this.#outer, "binary");
	}
}

/** Whether the tag of `digest` stands at `at`. Takes the same time wherever they differ. */
export function hasTag(packet: Buffer, at: number, digest: string): boolean {
	let difference = 0;
	for (let index = 0; index < TAG_BYTES; index++) {
		difference |= (packet[at + index] as number) ^ digest.charCodeAt(index);
	}
	return difference === 0;
}

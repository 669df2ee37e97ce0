import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import { ENCRYPTED_FLAG, RTCP_CLEAR_BYTES, type SrtpCipher } from "./srtp-cipher.ts";
import type { SessionKeys } from "./srtp-keys.ts";

const TAG_BYTES = 16;
const INDEX_BYTES = 4;
const ALGORITHM = "aes-128-gcm";

/** AEAD_AES_128_GCM (RFC 7714). */
export class AesGcmCipher implements SrtpCipher {
	readonly rtpOverhead = TAG_BYTES;
	readonly rtcpOverhead = TAG_BYTES + INDEX_BYTES;
	readonly rtcpIndexFromEnd = INDEX_BYTES;
	readonly runsAhead = false;
	readonly #rtp: NonceSource;
	readonly #rtcp: NonceSource;

	constructor(rtp: SessionKeys, rtcp: SessionKeys) {
		this.#rtp = new NonceSource(rtp);
		this.#rtcp = new NonceSource(rtcp);
	}

	sealRtp(buffer: Buffer, headerLength: number, length: number, index: number): void {
		const { key } = this.#rtp;
		const cipher = createCipheriv(ALGORITHM, key, this.#rtp.ofRtp(buffer.readUInt32BE(8), index));
		cipher.setAAD(buffer.subarray(0, headerLength));
		buffer.set(cipher.update(buffer.subarray(headerLength, length)), headerLength);
		cipher.final();
		buffer.set(cipher.getAuthTag(), length);
	}

	openRtp(packet: Buffer, headerLength: number, index: number): boolean {
		const end = packet.length - TAG_BYTES;
		const nonce = this.#rtp.ofRtp(packet.readUInt32BE(8), index);
		const header = packet.subarray(0, headerLength);
		const payload = open(this.#rtp.key, nonce, header, packet.subarray(headerLength, end), packet.subarray(end));
		if (payload) packet.set(payload, headerLength);
		return payload !== undefined;
	}

	/** RFC 7714 section 9: first header and SSRC, cipher text, tag, index. */
	sealRtcp(packet: Buffer, index: number): Buffer {
		const { length } = packet;
		const sealed = Buffer.allocUnsafe(length + this.rtcpOverhead);
		sealed.set(packet.subarray(0, RTCP_CLEAR_BYTES));
		sealed.writeUInt32BE((ENCRYPTED_FLAG | index) >>> 0, length + TAG_BYTES);
		const cipher = createCipheriv(ALGORITHM, this.#rtcp.key, this.#rtcp.ofRtcp(packet.readUInt32BE(4), index));
		cipher.setAAD(Buffer.concat([packet.subarray(0, RTCP_CLEAR_BYTES), sealed.subarray(length + TAG_BYTES)]));
		sealed.set(cipher.update(packet.subarray(RTCP_CLEAR_BYTES)), RTCP_CLEAR_BYTES);
		cipher.final();
		sealed.set(cipher.getAuthTag(), length);
		return sealed;
	}

	openRtcp(packet: Buffer): boolean {
		const end = packet.length - this.rtcpOverhead;
		const trailer = packet.readUInt32BE(end + TAG_BYTES);
		const encrypted = trailer >= ENCRYPTED_FLAG;
		// Section 9.3: without encryption the whole packet is associated data.
		const clearEnd = encrypted ? RTCP_CLEAR_BYTES : end;
		const nonce = this.#rtcp.ofRtcp(packet.readUInt32BE(4), trailer % ENCRYPTED_FLAG);
		const associated = Buffer.concat([packet.subarray(0, clearEnd), packet.subarray(end + TAG_BYTES)]);
		const tag = packet.subarray(end, end + TAG_BYTES);
		const payload = open(this.#rtcp.key, nonce, associated, packet.subarray(clearEnd, end), tag);
		if (payload) packet.set(payload, clearEnd);
		return payload !== undefined;
	}
}

/** The plain text, or undefined when the tag does not fit. */
function open(key: KeyObject, nonce: Buffer, associated: Buffer, sealed: Buffer, tag: Buffer): Buffer | undefined {
	const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
	decipher.setAAD(associated).setAuthTag(tag);
	const payload = decipher.update(sealed);
	try {
		decipher.final();
		return payload;
	} catch {
		return undefined;
	}
}

/** A key, and the nonce of each packet under it in memory that the next one uses again. */
class NonceSource {
	/** A key object: a cipher made from bytes costs more. */
	readonly key: KeyObject;
	readonly #salt: Buffer;
	readonly #nonce = Buffer.alloc(12);

	constructor({ encryption, salt }: SessionKeys) {
		this.key = createSecretKey(encryption);
		this.#salt = salt;
	}

	/** RFC 7714 section 8.1: two zero bytes, SSRC, rollover counter, sequence number. */
	ofRtp(ssrc: number, index: number): Buffer {
		this.#nonce.writeUInt16BE(index & 0xffff, 10);
		return this.#salted(ssrc, Math.floor(index / 0x1_0000) >>> 0, 6);
	}

	/** RFC 7714 section 9.1: two zero bytes, SSRC, two zero bytes, index. */
	ofRtcp(ssrc: number, index: number): Buffer {
		this.#nonce.writeUInt16BE(0, 6);
		return this.#salted(ssrc, index, 8);
	}

	#salted(ssrc: number, word: number, at: number): Buffer {
		const nonce = this.#nonce;
		nonce.writeUInt16BE(0, 0);
		nonce.writeUInt32BE(ssrc, 2);
		nonce.writeUInt32BE(word, at);
		for (let byte = 0; byte < nonce.length; byte++) {
			nonce[byte] = (nonce[byte] as number) ^ (this.#salt[byte] as number);
		}
		return nonce;
	}
}

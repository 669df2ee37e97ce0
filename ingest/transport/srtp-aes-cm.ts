import { hasTag, PacketAuthenticator, TAG_BYTES } from "./srtp-authenticator.ts";
import { ENCRYPTED_FLAG, RTCP_CLEAR_BYTES, type SrtpCipher } from "./srtp-cipher.ts";
import type { SessionKeys } from "./srtp-keys.ts";
import { type KeystreamRun, KeystreamSource } from "./srtp-keystream.ts";

const INDEX_BYTES = 4;

/** AES_CM_128_HMAC_SHA1_80 (RFC 3711, RFC 5764 section 4.1.2). */
export class AesCmCipher implements SrtpCipher {
	readonly rtpOverhead = TAG_BYTES;
	readonly rtcpOverhead = INDEX_BYTES + TAG_BYTES;
	readonly rtcpIndexFromEnd = INDEX_BYTES + TAG_BYTES;
	readonly runsAhead = true;
	readonly #rtp: SealedScratch;
	readonly #rtcp: SealedScratch;

	constructor(rtp: SessionKeys, rtcp: SessionKeys) {
		this.#rtp = new SealedScratch(rtp);
		this.#rtcp = new SealedScratch(rtcp);
	}

	sealRtp(buffer: Buffer, headerLength: number, length: number, index: number, run: KeystreamRun | undefined): void {
		const scratch = this.#rtp;
		scratch.load(buffer, length);
		scratch.crypt(headerLength, length, buffer.readUInt32BE(8), index, run);
		const digest = scratch.digest(length, rolloverOf(index));
		scratch.store(buffer, headerLength, length);
		buffer.write(digest, length, TAG_BYTES, "latin1");
	}

	openRtp(packet: Buffer, headerLength: number, index: number, run: KeystreamRun | undefined): boolean {
		const scratch = this.#rtp;
		const end = packet.length - TAG_BYTES;
		scratch.load(packet, end);
		if (!hasTag(packet, end, scratch.digest(end, rolloverOf(index)))) return false;
		scratch.crypt(headerLength, end, packet.readUInt32BE(8), index, run);
		scratch.store(packet, headerLength, end);
		return true;
	}

	sealRtcp(packet: Buffer, index: number): Buffer {
		const scratch = this.#rtcp;
		const { length } = packet;
		const sealed = Buffer.allocUnsafe(length + this.rtcpOverhead);
		const trailer = (ENCRYPTED_FLAG | index) >>> 0;
		scratch.load(packet, length);
		scratch.crypt(RTCP_CLEAR_BYTES, length, packet.readUInt32BE(4), index, undefined);
		const digest = scratch.digest(length, trailer);
		scratch.store(sealed, 0, length);
		sealed.writeUInt32BE(trailer, length);
		sealed.write(digest, length + INDEX_BYTES, TAG_BYTES, "latin1");
		return sealed;
	}

	openRtcp(packet: Buffer): boolean {
		const scratch = this.#rtcp;
		const end = packet.length - this.rtcpOverhead;
		const trailer = packet.readUInt32BE(end);
		scratch.load(packet, end);
		if (!hasTag(packet, end + INDEX_BYTES, scratch.digest(end, trailer))) return false;
		if (trailer < ENCRYPTED_FLAG) return true;
		scratch.crypt(RTCP_CLEAR_BYTES, end, packet.readUInt32BE(4), trailer - ENCRYPTED_FLAG, undefined);
		scratch.store(packet, RTCP_CLEAR_BYTES, end);
		return true;
	}
}

const rolloverOf = (index: number): number => Math.floor(index / 0x1_0000) >>> 0;

/** Where a packet is encrypted and authenticated: words to XOR, behind the padded key that its HMAC begins with. */
class SealedScratch {
	readonly #authenticator: PacketAuthenticator;
	readonly #keystream: KeystreamSource;

	constructor({ encryption, authentication, salt }: SessionKeys) {
		this.#authenticator = new PacketAuthenticator(authentication);
		this.#keystream = new KeystreamSource(encryption, salt);
	}

	load(packet: Buffer, length: number): void {
		this.#authenticator.reserve(length);
		packet.copy(this.#authenticator.bytes, this.#authenticator.packetAt, 0, length);
	}

	store(packet: Buffer, from: number, to: number): void {
		const { bytes, packetAt } = this.#authenticator;
		bytes.copy(packet, from, packetAt + from, packetAt + to);
	}

	/** Bytes `from` to `to` of what is loaded; the same both ways. `from` is a multiple of 4, as all headers are. */
	crypt(from: number, to: number, ssrc: number, index: number, run: KeystreamRun | undefined): void {
		const { words, packetAt } = this.#authenticator;
		let key = this.#keystream.find(run, ssrc, index, to - from);
		const keystream = this.#keystream.words;
		const end = (packetAt + to + 3) >> 2;
		// The last word may reach into what follows, which is written anew afterwards.
		for (let at = (packetAt + from) >> 2; at < end; at++) {
			words[at] = (words[at] as number) ^ (keystream[key++] as number);
		}
	}

	digest(length: number, trailer: number): string {
		return this.#authenticator.digest(length, trailer);
	}
}

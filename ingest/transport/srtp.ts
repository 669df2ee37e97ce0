import { createCipheriv, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { rtpHeaderLength } from "../rtp/rtp-packet.ts";

/** Master keys of one direction, from the DTLS handshake (RFC 5764 section 4.2). */
export interface SrtpMaster {
	/** 16 bytes. */
	key: Buffer;
	/** 14 bytes. */
	salt: Buffer;
}

const TAG_BYTES = 10;
const SRTCP_INDEX_BYTES = 4;
const SEQUENCE_RANGE = 0x1_0000;
/** Retransmissions come late, so the window is wide: about two seconds of a busy video track. */
const REPLAY_WINDOW = 1024;
/** Streams of one connection; more would let a peer fill our memory with made-up SSRCs. */
const MAX_STREAMS = 64;

interface Stream {
	/** Highest index so far: rollover counter and sequence number (RFC 3711 section 3.3.1). */
	highest: number;
	/** Slot `index % REPLAY_WINDOW` holds the index last accepted there. */
	seen: Float64Array;
}

/** Encrypts and decrypts one direction with AES_CM_128_HMAC_SHA1_80 (RFC 3711). */
export class SrtpContext {
	readonly #rtp: SessionKeys;
	readonly #rtcp: SessionKeys;
	readonly #streams = new Map<number, Stream>();
	readonly #rtcpIn = new Map<number, Stream>();
	#rtcpIndex = 0;

	constructor(master: SrtpMaster) {
		this.#rtp = deriveKeys(master, 0);
		this.#rtcp = deriveKeys(master, 3);
	}

	/** `packet` is left as it is. Never give two different packets of one SSRC the same sequence number: the keystream would repeat. */
	protectRtp(packet: Buffer): Buffer {
		const headerLength = rtpHeaderLength(packet);
		const ssrc = packet.readUInt32BE(8);
		const stream = this.#stream(this.#streams, ssrc);
		const index = estimateIndex(packet.readUInt16BE(2), stream?.highest ?? -1);
		if (stream) stream.highest = Math.max(stream.highest, index);
		const payload = crypt(this.#rtp, ssrc, index, packet.subarray(headerLength));
		const sealed = Buffer.concat([packet.subarray(0, headerLength), payload, Buffer.alloc(TAG_BYTES)]);
		rtpTag(this.#rtp, sealed, index).copy(sealed, sealed.length - TAG_BYTES);
		return sealed;
	}

	/** Undefined when the packet is malformed, not authentic, or a repetition. */
	unprotectRtp(packet: Buffer): Buffer | undefined {
		if (packet.length < 12 + TAG_BYTES) return undefined;
		const end = packet.length - TAG_BYTES;
		const headerLength = rtpHeaderLength(packet.subarray(0, end));
		if (headerLength < 0) return undefined;
		const ssrc = packet.readUInt32BE(8);
		const known = this.#streams.get(ssrc);
		const index = estimateIndex(packet.readUInt16BE(2), known?.highest ?? -1);
		if (index < 0 || (known && isReplayed(known, index))) return undefined;
		if (!timingSafeEqual(rtpTag(this.#rtp, packet, index), packet.subarray(end))) return undefined;
		const stream = known ?? this.#stream(this.#streams, ssrc);
		if (!stream) return undefined;
		accept(stream, index);
		const payload = crypt(this.#rtp, ssrc, index, packet.subarray(headerLength, end));
		return Buffer.concat([packet.subarray(0, headerLength), payload]);
	}

	protectRtcp(packet: Buffer): Buffer {
		this.#rtcpIndex = (this.#rtcpIndex + 1) & 0x7fffffff;
		const payload = crypt(this.#rtcp, packet.readUInt32BE(4), this.#rtcpIndex, packet.subarray(8));
		const trailer = Buffer.alloc(SRTCP_INDEX_BYTES);
		trailer.writeUInt32BE((0x80000000 | this.#rtcpIndex) >>> 0, 0);
		const sealed = Buffer.concat([packet.subarray(0, 8), payload, trailer]);
		return Buffer.concat([sealed, authenticate(this.#rtcp, sealed)]);
	}

	/** Undefined when the packet is malformed, not authentic, or a repetition. */
	unprotectRtcp(packet: Buffer): Buffer | undefined {
		const end = packet.length - TAG_BYTES - SRTCP_INDEX_BYTES;
		if (end < 8) return undefined;
		const sealed = packet.subarray(0, packet.length - TAG_BYTES);
		if (!timingSafeEqual(authenticate(this.#rtcp, sealed), packet.subarray(sealed.length))) return undefined;
		const trailer = packet.readUInt32BE(end);
		const ssrc = packet.readUInt32BE(4);
		const stream = this.#stream(this.#rtcpIn, ssrc);
		const index = trailer & 0x7fffffff;
		if (!stream || isReplayed(stream, index)) return undefined;
		accept(stream, index);
		if (trailer >>> 31 === 0) return Buffer.from(packet.subarray(0, end));
		return Buffer.concat([packet.subarray(0, 8), crypt(this.#rtcp, ssrc, index, packet.subarray(8, end))]);
	}

	#stream(streams: Map<number, Stream>, ssrc: number): Stream | undefined {
		let stream = streams.get(ssrc);
		if (!stream && streams.size < MAX_STREAMS) {
			stream = { highest: -1, seen: new Float64Array(REPLAY_WINDOW).fill(-1) };
			streams.set(ssrc, stream);
		}
		return stream;
	}
}

/** The extended sequence number nearest to the highest so far (RFC 3711 section 3.3.1); negative: before the first. */
export function estimateIndex(sequence: number, highest: number): number {
	if (highest < 0) return sequence;
	const distance = ((sequence - highest + SEQUENCE_RANGE / 2) & 0xffff) - SEQUENCE_RANGE / 2;
	return highest + distance;
}

function isReplayed(stream: Stream, index: number): boolean {
	return index <= stream.highest - REPLAY_WINDOW || stream.seen[index % REPLAY_WINDOW] === index;
}

function accept(stream: Stream, index: number): void {
	stream.seen[index % REPLAY_WINDOW] = index;
	stream.highest = Math.max(stream.highest, index);
}

interface SessionKeys {
	/** Key objects rather than bytes: a cipher or HMAC made from bytes costs four times as much. */
	encryption: KeyObject;
	authentication: KeyObject;
	salt: Buffer;
}

/** RFC 3711 section 4.3, key derivation rate 0. `firstLabel`: 0 for SRTP, 3 for SRTCP. */
export function deriveKeys({ key, salt }: SrtpMaster, firstLabel: 0 | 3): SessionKeys {
	const derive = (label: number, length: number) => {
		const iv = Buffer.alloc(16);
		salt.copy(iv);
		iv.writeUInt8(iv.readUInt8(7) ^ label, 7);
		return createCipheriv("aes-128-ctr", key, iv).update(Buffer.alloc(length));
	};
	return {
		encryption: createSecretKey(derive(firstLabel, 16)),
		authentication: createSecretKey(derive(firstLabel + 1, 20)),
		salt: derive(firstLabel + 2, 14),
	};
}

/** AES in counter mode (RFC 3711 section 4.1.1): the same both ways. */
function crypt({ encryption, salt }: SessionKeys, ssrc: number, index: number, data: Buffer): Buffer {
	const iv = Buffer.alloc(16);
	salt.copy(iv);
	iv.writeUInt32BE((iv.readUInt32BE(4) ^ ssrc) >>> 0, 4);
	const high = Math.floor(index / SEQUENCE_RANGE);
	iv.writeUInt32BE((iv.readUInt32BE(8) ^ high) >>> 0, 8);
	iv.writeUInt16BE(iv.readUInt16BE(12) ^ (index & 0xffff), 12);
	return createCipheriv("aes-128-ctr", encryption, iv).update(data);
}

/** `packet` includes room for the tag, which is not part of what is authenticated. */
function rtpTag({ authentication }: SessionKeys, packet: Buffer, index: number): Buffer {
	const rollover = Buffer.alloc(4);
	rollover.writeUInt32BE(Math.floor(index / SEQUENCE_RANGE), 0);
	const hmac = createHmac("sha1", authentication)
		.update(packet.subarray(0, packet.length - TAG_BYTES))
		.update(rollover);
	return hmac.digest().subarray(0, TAG_BYTES);
}

function authenticate({ authentication }: SessionKeys, data: Buffer): Buffer {
	return createHmac("sha1", authentication).update(data).digest().subarray(0, TAG_BYTES);
}

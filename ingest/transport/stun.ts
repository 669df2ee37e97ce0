import { createHmac, timingSafeEqual } from "node:crypto";
import { isIPv4 } from "node:net";
import { crc32 } from "node:zlib";

const MAGIC_COOKIE = 0x2112a442;
const HEADER_BYTES = 20;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const USERNAME = 0x0006;
const MESSAGE_INTEGRITY = 0x0008;
const XOR_MAPPED_ADDRESS = 0x0020;
const USE_CANDIDATE = 0x0025;
const FINGERPRINT = 0x8028;
const INTEGRITY_BYTES = 20;
const FINGERPRINT_MASK = 0x5354554e;

/** A binding request whose integrity has yet to be checked with `hasIntegrity`. */
export interface BindingRequest {
	transactionId: Buffer;
	/** The part of USERNAME before the colon: our fragment, by which the connection is found. */
	localUfrag: string;
	useCandidate: boolean;
	/** Where MESSAGE-INTEGRITY begins. */
	integrityAt: number;
}

const FINGERPRINT_BYTES = 8;

/** Whether a datagram is STUN rather than DTLS or RTP (RFC 7983 section 7). */
export function isStun(datagram: Buffer): boolean {
	return datagram.length >= HEADER_BYTES && datagram.readUInt8(0) < 4 && datagram.readUInt32BE(4) === MAGIC_COOKIE;
}

/** Undefined for anything but a well-formed binding request with USERNAME and MESSAGE-INTEGRITY (RFC 8489, RFC 8445 section 7.3). */
export function parseBindingRequest(datagram: Buffer): BindingRequest | undefined {
	if (datagram.readUInt16BE(0) !== BINDING_REQUEST) return undefined;
	const length = datagram.readUInt16BE(2);
	if (length % 4 !== 0 || HEADER_BYTES + length !== datagram.length) return undefined;
	let localUfrag: string | undefined;
	let useCandidate = false;
	for (let at = HEADER_BYTES; at + 4 <= datagram.length; ) {
		const type = datagram.readUInt16BE(at);
		const size = datagram.readUInt16BE(at + 2);
		if (at + 4 + size > datagram.length) return undefined;
		if (type === USERNAME) localUfrag = datagram.toString("latin1", at + 4, at + 4 + size).split(":", 1)[0];
		else if (type === USE_CANDIDATE) useCandidate = true;
		else if (type === MESSAGE_INTEGRITY) {
			if (size !== INTEGRITY_BYTES || !localUfrag || !hasGoodEnd(datagram, at + 4 + size)) return undefined;
			return { transactionId: datagram.subarray(8, HEADER_BYTES), localUfrag, useCandidate, integrityAt: at };
		}
		at += 4 + ((size + 3) & ~3);
	}
	return undefined;
}

/** What follows MESSAGE-INTEGRITY is not protected by it, and so not read, but for FINGERPRINT (RFC 8489 section 14.7). */
function hasGoodEnd(datagram: Buffer, start: number): boolean {
	const at = datagram.length - FINGERPRINT_BYTES;
	if (at < start || datagram.readUInt16BE(at) !== FINGERPRINT) return true;
	return datagram.readUInt32BE(at + 4) === fingerprint(datagram.subarray(0, at));
}

function fingerprint(message: Buffer): number {
	return (crc32(message) ^ FINGERPRINT_MASK) >>> 0;
}

export function hasIntegrity(datagram: Buffer, { integrityAt }: BindingRequest, password: string): boolean {
	const value = datagram.subarray(integrityAt + 4, integrityAt + 4 + INTEGRITY_BYTES);
	return timingSafeEqual(integrity(datagram.subarray(0, integrityAt), password), value);
}

/** The answer to a request from `address`, with MESSAGE-INTEGRITY and FINGERPRINT. */
export function bindingSuccess(transactionId: Buffer, address: string, port: number, password: string): Buffer {
	const mapped = xorAddress(transactionId, address, port);
	const head = Buffer.alloc(HEADER_BYTES);
	head.writeUInt16BE(BINDING_SUCCESS, 0);
	head.writeUInt32BE(MAGIC_COOKIE, 4);
	transactionId.copy(head, 8);
	const body = Buffer.concat([head, attribute(XOR_MAPPED_ADDRESS, mapped)]);
	const signed = Buffer.concat([body, attribute(MESSAGE_INTEGRITY, integrity(body, password))]);
	const message = Buffer.concat([signed, attribute(FINGERPRINT, Buffer.alloc(4))]);
	message.writeUInt16BE(message.length - HEADER_BYTES, 2);
	message.writeUInt32BE(fingerprint(message.subarray(0, signed.length)), signed.length + 4);
	return message;
}

/** HMAC-SHA1 over the message so far, its length field counting MESSAGE-INTEGRITY itself (RFC 8489 section 14.5). */
function integrity(message: Buffer, password: string): Buffer {
	const head = Buffer.from(message.subarray(0, HEADER_BYTES));
	head.writeUInt16BE(message.length - HEADER_BYTES + 4 + INTEGRITY_BYTES, 2);
	return createHmac("sha1", password).update(head).update(message.subarray(HEADER_BYTES)).digest();
}

function attribute(type: number, value: Buffer): Buffer {
	const head = Buffer.alloc(4);
	head.writeUInt16BE(type, 0);
	head.writeUInt16BE(value.length, 2);
	return Buffer.concat([head, value]);
}

function xorAddress(transactionId: Buffer, address: string, port: number): Buffer {
	const bytes = isIPv4(address) ? Buffer.from(address.split(".").map(Number)) : ipv6Bytes(address);
	const value = Buffer.alloc(4 + bytes.length);
	value[1] = bytes.length === 4 ? 1 : 2;
	value.writeUInt16BE(port ^ (MAGIC_COOKIE >>> 16), 2);
	const mask = Buffer.concat([Buffer.from([0x21, 0x12, 0xa4, 0x42]), transactionId]);
	bytes.forEach((byte, index) => {
		value[4 + index] = byte ^ (mask[index] ?? 0);
	});
	return value;
}

function ipv6Bytes(address: string): Buffer {
	const [head = "", tail = ""] = (address.split("%", 1)[0] ?? "").split("::");
	const groups = (part: string) => (part ? part.split(":") : []);
	const missing = 8 - groups(head).length - groups(tail).length;
	const all = [...groups(head), ...Array<string>(address.includes("::") ? missing : 0).fill("0"), ...groups(tail)];
	return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}

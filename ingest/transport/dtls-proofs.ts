import { createHash, createHmac, timingSafeEqual, verify, X509Certificate } from "node:crypto";
import type { DtlsSocket } from "werift";
import type { Fingerprint } from "../sdp/session-description.ts";

const SERVER_KEY_EXCHANGE = 12;
const CERTIFICATE_VERIFY = 15;
export const FINISHED = 20;
const VERIFY_DATA_BYTES = 12;
/** Curve type, curve, and the length of the point (RFC 8422 section 5.4). */
const POINT_AT = 4;
/** RFC 5246 section 7.4.1.4.1. Nothing weaker than SHA-256 is taken. */
const hashes: Record<number, string> = { 4: "sha256", 5: "sha384", 6: "sha512" };

type Socket = Pick<DtlsSocket, "dtls" | "cipher">;

/** RFC 8122 section 5: the certificate is the one its owner's SDP names. */
export function isNamedBy({ algorithm, value }: Fingerprint, certificate: Buffer): boolean {
	const name = { "sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512" }[algorithm];
	if (!name) return false;
	const digest = createHash(name).update(certificate).digest();
	return value.length === digest.length && timingSafeEqual(value, digest);
}

/** RFC 5246 section 7.4.8: a client's signature over every handshake message before it proves that it has the key. */
export function clientIsProven({ dtls }: Socket, certificate: Buffer): boolean {
	const messages = dtls.sortedHandshakeCache;
	const at = messages.findIndex((message) => message.msg_type === CERTIFICATE_VERIFY);
	const body = messages[at]?.fragment;
	if (!body) return false;
	return isSigned(body, Buffer.concat(messages.slice(0, at).map((message) => message.serialize())), certificate);
}

/** RFC 8422 section 5.4: a server's signature over its half of the key exchange and both randoms. */
export function serverIsProven({ dtls, cipher }: Socket, certificate: Buffer): boolean {
	const body = dtls.sortedHandshakeCache.find((message) => message.msg_type === SERVER_KEY_EXCHANGE)?.fragment;
	if (!body || body.length < POINT_AT) return false;
	const parameters = body.subarray(0, POINT_AT + body.readUInt8(POINT_AT - 1));
	const signed = Buffer.concat([cipher.localRandom.serialize(), cipher.remoteRandom.serialize(), parameters]);
	return isSigned(body.subarray(parameters.length), signed, certificate);
}

/** RFC 5246 section 7.4.9: the server's Finished answers every message before it. */
export function serverFinishedIsRight({ dtls, cipher }: Socket, verifyData: Buffer): boolean {
	const transcript = Buffer.concat(dtls.sortedHandshakeCache.map((message) => message.serialize()));
	return isVerifyData(verifyData, cipher.masterSecret, "server finished", transcript);
}

/** The same of the client's, once werift has kept it. */
export function clientFinishedIsRight({ dtls, cipher }: Socket): boolean {
	const messages = dtls.sortedHandshakeCache;
	const at = messages.findIndex((message) => message.msg_type === FINISHED);
	const transcript = Buffer.concat(messages.slice(0, Math.max(0, at)).map((message) => message.serialize()));
	return isVerifyData(messages[at]?.fragment, cipher.masterSecret, "client finished", transcript);
}

/** `signature`: hash and signature algorithm, length, signature (RFC 5246 section 4.7). */
function isSigned(signature: Buffer, signed: Buffer, certificate: Buffer): boolean {
	if (signature.length < 4) return false;
	const hash = hashes[signature.readUInt8(0)];
	const value = signature.subarray(4, 4 + signature.readUInt16BE(2));
	try {
		return hash !== undefined && verify(hash, signed, new X509Certificate(certificate).publicKey, value);
	} catch {
		return false;
	}
}

function isVerifyData(given: Buffer | undefined, masterSecret: Buffer, label: string, transcript: Buffer): boolean {
	const hash = createHash("sha256").update(transcript).digest();
	const expected = pseudorandom(masterSecret, Buffer.concat([Buffer.from(label), hash]), VERIFY_DATA_BYTES);
	return given?.length === VERIFY_DATA_BYTES && timingSafeEqual(given, expected);
}

/** P_SHA256 of RFC 5246 section 5, for at most one round of output. */
function pseudorandom(secret: Buffer, seed: Buffer, length: number): Buffer {
	const hmac = (data: Buffer) => createHmac("sha256", secret).update(data).digest();
	return hmac(Buffer.concat([hmac(seed), seed])).subarray(0, length);
}

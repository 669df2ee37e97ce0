import { createHash, timingSafeEqual, verify, X509Certificate } from "node:crypto";
import { DtlsClient, DtlsServer, type RTCCertificate, RTCDtlsTransport } from "werift";
import type { Fingerprint } from "../sdp/session-description.ts";
import { type DtlsRecord, dtlsRecords, fragmentOf, isAlert, isPlainClientHello } from "./dtls-records.ts";
import type { SrtpMaster } from "./srtp.ts";

/** The certificate of this process, which answers by its fingerprint alone. */
export interface DtlsIdentity {
	certificate: RTCCertificate;
	/** `sha-256 AB:CD:…` as an SDP line has it. */
	fingerprint: string;
}

export async function createDtlsIdentity(): Promise<DtlsIdentity> {
	const certificate = await RTCDtlsTransport.SetupCertificate();
	const digest = createHash("sha256").update(new X509Certificate(certificate.certPem).raw).digest();
	return { certificate, fingerprint: `sha-256 ${colonHex(digest)}` };
}

export interface SrtpKeys {
	local: SrtpMaster;
	remote: SrtpMaster;
}

export interface DtlsSessionOptions {
	/** `server` waits for the peer's ClientHello; `client` sends its own on `connect()`. */
	role: "server" | "client";
	identity: DtlsIdentity;
	/** What the peer's certificate has to match, from its SDP. */
	fingerprint: Fingerprint;
	send(datagram: Buffer): void;
	/** The handshake is done and the peer is who its SDP says. */
	onKeys(keys: SrtpKeys): void;
	/** The peer said goodbye, or is not who its SDP says. */
	onClosed(reason: string): void;
}

const AES128_CM_HMAC_SHA1_80 = 1;
const CERTIFICATE_VERIFY = 15;
const CLOSE_NOTIFY = 0;
const FATAL = 2;

/**
 * A DTLS 1.2 association (RFC 5764) on werift's handshake. Its gaps are closed here: records are validated before it
 * sees them (a short one would throw), nothing in the clear reaches it once connected (a ClientHello would wipe the
 * session, an alert end it), and the peer's CertificateVerify, which it never checks, is verified.
 */
export class DtlsSession {
	readonly #options: DtlsSessionOptions;
	readonly #socket: DtlsServer | DtlsClient;
	#onData: (datagram: Buffer) => void = () => {};
	#connected = false;
	#closed = false;

	constructor(options: DtlsSessionOptions) {
		this.#options = options;
		const { certificate } = options.identity;
		const session = this;
		const transport = {
			type: "udp",
			address: { address: "0.0.0.0", port: 0, family: "IPv4" },
			closed: false,
			get onData() {
				return session.#onData;
			},
			set onData(listener: (datagram: Buffer) => void) {
				session.#onData = listener;
			},
			// Never rejects: werift leaves some of its sends without a catch.
			send: async (datagram: Buffer) => {
				if (!this.#closed) options.send(datagram);
			},
			close: async () => {},
		};
		const dtlsOptions = {
			cert: certificate.certPem,
			key: certificate.privateKey,
			signatureHash: certificate.signatureHash,
			transport,
			srtpProfiles: [AES128_CM_HMAC_SHA1_80 as 1],
			extendedMasterSecret: true,
		};
		this.#socket =
			options.role === "server"
				? new DtlsServer({ ...dtlsOptions, certificateRequest: true })
				: new DtlsClient(dtlsOptions);
		this.#socket.onConnect.once(() => this.#finish());
	}

	/** Starts the handshake of a client; a server's is started by its peer. Idempotent. */
	connect(): void {
		const socket = this.#socket;
		// It gives up by an error, and the connection by its own deadline.
		if (socket instanceof DtlsClient && socket.dtls.flight === 0) socket.connect().catch(() => {});
	}

	receive(datagram: Buffer): void {
		if (this.#closed) return;
		for (const record of dtlsRecords(datagram)) {
			if (isAlert(record)) this.#onAlert(record);
			else if (!(this.#connected && isPlainClientHello(record))) this.#pass(record.bytes);
		}
	}

	close(): void {
		this.#closed = true;
	}

	#pass(bytes: Buffer): void {
		try {
			this.#onData(bytes);
		} catch {
			// A hostile record; the handshake goes on with the next good one.
		}
	}

	/** Counts only when encrypted: anyone on the path can forge one in the clear. */
	#onAlert(record: DtlsRecord): void {
		if (record.epoch === 0 || !this.#connected) return;
		const [level, description] = this.#decrypt(record) ?? [];
		if (level === FATAL || description === CLOSE_NOTIFY) this.#options.onClosed("closed by peer");
	}

	#decrypt(record: DtlsRecord): Buffer | undefined {
		const { contentType, epoch, sequenceNumber } = record;
		const recordLayerHeader = {
			contentType,
			epoch,
			sequenceNumber,
			protocolVersion: { major: 0xfe, minor: 0xfd },
			contentLen: 0,
		};
		try {
			type Plaintext = Parameters<DtlsServer["cipher"]["decryptPacket"]>[0];
			return this.#socket.cipher.decryptPacket({ recordLayerHeader, fragment: fragmentOf(record) } as Plaintext);
		} catch {
			return undefined;
		}
	}

	#finish(): void {
		if (this.#closed) return;
		const problem = this.#peerProblem();
		if (problem) {
			this.#options.onClosed(problem);
			return;
		}
		this.#connected = true;
		const { localKey, localSalt, remoteKey, remoteSalt } = this.#socket.extractSessionKeys(16, 14);
		this.#options.onKeys({ local: { key: localKey, salt: localSalt }, remote: { key: remoteKey, salt: remoteSalt } });
	}

	#peerProblem(): string | undefined {
		const { remoteCertificate, srtp } = this.#socket;
		if (srtp.srtpProfile !== AES128_CM_HMAC_SHA1_80) return "no common SRTP profile";
		if (!remoteCertificate || !matches(this.#options.fingerprint, remoteCertificate)) return "fingerprint mismatch";
		if (this.#options.role === "server" && !this.#certificateIsVerified(remoteCertificate))
			return "certificate not proven";
		return undefined;
	}

	/** RFC 5246 section 7.4.8: a signature over every handshake message before it proves that the peer has the key. */
	#certificateIsVerified(certificate: Buffer): boolean {
		const messages = this.#socket.dtls.sortedHandshakeCache;
		const at = messages.findIndex((message) => message.msg_type === CERTIFICATE_VERIFY);
		const body = messages[at]?.fragment;
		if (!body || body.length < 4) return false;
		const hash = { 4: "sha256", 5: "sha384", 6: "sha512" }[body.readUInt8(0)];
		const signature = body.subarray(4, 4 + body.readUInt16BE(2));
		const signed = Buffer.concat(messages.slice(0, at).map((message) => message.serialize()));
		try {
			return hash !== undefined && verify(hash, signed, new X509Certificate(certificate).publicKey, signature);
		} catch {
			return false;
		}
	}
}

/** RFC 8122 section 5. */
function matches({ algorithm, value }: Fingerprint, certificate: Buffer): boolean {
	const name = { "sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512" }[algorithm];
	if (!name) return false;
	const digest = createHash(name).update(certificate).digest();
	return value.length === digest.length && timingSafeEqual(value, digest);
}

function colonHex(bytes: Buffer): string {
	return [...bytes].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":");
}

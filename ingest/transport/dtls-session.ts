import { createHash, X509Certificate } from "node:crypto";
import { DtlsClient, DtlsServer, type RTCCertificate, RTCDtlsTransport } from "werift";
import type { Fingerprint } from "../sdp/session-description.ts";
import {
	clientFinishedIsRight,
	clientIsProven,
	FINISHED,
	isNamedBy,
	serverFinishedIsRight,
	serverIsProven,
} from "./dtls-proofs.ts";
import {
	ALERT,
	alertRecord,
	type DtlsRecord,
	dtlsRecords,
	fragmentOf,
	isAlert,
	isPlainHandshake,
} from "./dtls-records.ts";
import type { SrtpMaster, SrtpProfile } from "./srtp-context.ts";

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

/** What both ends agreed on. Plain data: it crosses threads. */
export interface SrtpKeys {
	profile: SrtpProfile;
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

/**
 * By their numbers in use_srtp (RFC 5764 section 4.1.2), in order of preference: every client has the first, and its
 * keystream can be made ahead.
 */
const profiles: { id: 1 | 7; name: SrtpProfile; saltBytes: number }[] = [
	{ id: 1, name: "AES_CM_128_HMAC_SHA1_80", saltBytes: 14 },
	{ id: 7, name: "AEAD_AES_128_GCM", saltBytes: 12 },
];
const KEY_BYTES = 16;
const CLIENT_HELLO = 1;
const CLOSE_NOTIFY = 0;
const WARNING = 1;
const FATAL = 2;
/** After any that werift has used for its Finished: a nonce is made of it. */
const CLOSE_NOTIFY_SEQUENCE = 0x10000;
/** A handshake takes about 12 records and 3 KB of the peer's; the rest is for retransmissions. */
const MAX_HANDSHAKE_RECORDS = 200;
const MAX_HANDSHAKE_BYTES = 64 * 1024;
/** The peer has not seen our last flight when it sends its own again. */
const MAX_RECORDS_AFTER = 200;
/** Ends the loops by which werift sends flights again. */
const NO_MORE_FLIGHTS = 100;

/**
 * A DTLS 1.2 association (RFC 5764) on werift's handshake. Its gaps are closed here: records are validated before it
 * sees them (a short one would throw) and counted, no alert and no Finished in the clear reaches it, and no ClientHello
 * once it is connected (which would wipe the session), and what it never checks is verified: that the peer has its
 * certificate's key (CertificateVerify, ServerKeyExchange), and the peer's Finished.
 */
export class DtlsSession {
	readonly #options: DtlsSessionOptions;
	readonly #socket: DtlsServer | DtlsClient;
	#onData: (datagram: Buffer) => void = () => {};
	#connected = false;
	#closed = false;
	#records = 0;
	#bytes = 0;

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
			srtpProfiles: profiles.map(({ id }) => id),
			extendedMasterSecret: true,
		};
		this.#socket =
			options.role === "server"
				? new DtlsServer({ ...dtlsOptions, certificateRequest: true })
				: new DtlsClient(dtlsOptions);
		this.#socket.onConnect.once(() => this.#finish());
		if (options.role === "client") this.#checkServerFinished();
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
			else if (!this.#isUnwanted(record)) this.#pass(record.bytes);
			if (this.#closed) return;
		}
	}

	/** Says goodbye when there is someone to say it to. Idempotent. */
	close(): void {
		if (this.#closed) return;
		if (this.#connected) this.#sayGoodbye();
		this.#closed = true;
		this.#socket.dtls.flight = NO_MORE_FLIGHTS;
	}

	#isUnwanted(record: DtlsRecord): boolean {
		if (isPlainHandshake(record, FINISHED)) return true;
		this.#records++;
		if (this.#connected) return this.#records > MAX_RECORDS_AFTER || isPlainHandshake(record, CLIENT_HELLO);
		this.#bytes += record.bytes.length;
		if (this.#records <= MAX_HANDSHAKE_RECORDS && this.#bytes <= MAX_HANDSHAKE_BYTES) return false;
		this.#options.onClosed("too long a handshake");
		return true;
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

	#sayGoodbye(): void {
		const recordLayerHeader = {
			contentType: ALERT,
			epoch: 1,
			sequenceNumber: CLOSE_NOTIFY_SEQUENCE,
			protocolVersion: { major: 0xfe, minor: 0xfd },
			contentLen: 2,
		};
		type Plaintext = Parameters<DtlsServer["cipher"]["encryptPacket"]>[0];
		const alert = { recordLayerHeader, fragment: Buffer.from([WARNING, CLOSE_NOTIFY]) } as Plaintext;
		const { fragment } = this.#socket.cipher.encryptPacket(alert);
		this.#options.send(alertRecord(1, CLOSE_NOTIFY_SEQUENCE, fragment));
	}

	/** werift keeps a server's Finished nowhere, so it is looked at on its way. */
	#checkServerFinished(): void {
		const socket = this.#socket;
		const handle = socket.onHandleHandshakes;
		socket.onHandleHandshakes = async (messages) => {
			const finished = messages.find((message) => message.msg_type === FINISHED);
			if (finished && !serverFinishedIsRight(socket, finished.fragment)) throw new Error("not the server's Finished");
			await handle(messages);
		};
	}

	#finish(): void {
		if (this.#closed) return;
		const profile = profiles.find(({ id }) => id === this.#socket.srtp.srtpProfile);
		const problem = profile ? this.#peerProblem() : "no common SRTP profile";
		if (!profile || problem) {
			this.#options.onClosed(problem ?? "no common SRTP profile");
			return;
		}
		this.#connected = true;
		this.#records = 0;
		const keys = this.#socket.extractSessionKeys(KEY_BYTES, profile.saltBytes);
		this.#options.onKeys({
			profile: profile.name,
			local: { key: new Uint8Array(keys.localKey), salt: new Uint8Array(keys.localSalt) },
			remote: { key: new Uint8Array(keys.remoteKey), salt: new Uint8Array(keys.remoteSalt) },
		});
	}

	#peerProblem(): string | undefined {
		const { remoteCertificate } = this.#socket;
		if (!remoteCertificate || !isNamedBy(this.#options.fingerprint, remoteCertificate)) return "fingerprint mismatch";
		if (this.#options.role === "client")
			return serverIsProven(this.#socket, remoteCertificate) ? undefined : "certificate not proven";
		if (!clientIsProven(this.#socket, remoteCertificate)) return "certificate not proven";
		return clientFinishedIsRight(this.#socket) ? undefined : "Finished does not fit";
	}
}

function colonHex(bytes: Buffer): string {
	return [...bytes].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":");
}

import { randomBytes } from "node:crypto";
import type { Clock } from "../../core/runtime/clock.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { isRtcp } from "../rtp/rtp-packet.ts";
import type { LocalTransport, RemoteTransport } from "../sdp/session-description.ts";
import { isDtls } from "./dtls-records.ts";
import { type DtlsIdentity, DtlsSession, type SrtpKeys } from "./dtls-session.ts";
import type { MediaPort, Path } from "./media-port.ts";
import { SrtpContext } from "./srtp.ts";
import { bindingSuccess, hasIntegrity, parseBindingRequest } from "./stun.ts";

export interface MediaConnectionListener {
	/** ICE and DTLS are done; media may flow both ways. */
	onConnected(): void;
	/** An authentic RTP packet, decrypted; the buffer is the listener's to keep. */
	onRtp(packet: Buffer): void;
	/** An authentic, decrypted compound RTCP packet. */
	onRtcp(packet: Buffer): void;
	/** Once, whoever ended it; not after the listener's own `close()`. */
	onClosed(reason: string): void;
}

/** Longer than any client takes to gather and check; what never connects must not stay. */
const CONNECT_DEADLINE_MS = 20_000;
/** Without an authentic packet of any kind for this long, the peer is gone. */
const SILENCE_DEADLINE_MS = 10_000;
const LIVENESS_CHECK_MS = 1_000;

/**
 * One peer: ICE-lite (RFC 8445 section 2.5), DTLS and SRTP. All above it is plain RTP and RTCP. Liveness is judged by
 * authentic packets: some clients send no STUN once they are connected, others no media while they are muted.
 */
export class MediaConnection {
	/** 48 and 192 random bits (RFC 8445 section 5.3 asks for 24 and 128); base64 is just what ICE allows. */
	readonly ufrag = randomBytes(6).toString("base64");
	readonly #password = randomBytes(24).toString("base64");
	readonly #port: MediaPort;
	readonly #identity: DtlsIdentity;
	readonly #dtls: DtlsSession;
	readonly #dtlsRole: "server" | "client";
	readonly #listener: MediaConnectionListener;
	readonly #clock: Clock;
	readonly #log: Logger;
	readonly #startedAtMs: number;
	readonly #liveness: NodeJS.Timeout;
	#path: Path | undefined;
	#in: SrtpContext | undefined;
	#out: SrtpContext | undefined;
	#lastAuthenticMs = 0;
	#closed = false;

	constructor(
		{
			port,
			identity,
			remote,
			listener,
		}: { port: MediaPort; identity: DtlsIdentity; remote: RemoteTransport; listener: MediaConnectionListener },
		{ clock, log }: { clock: Clock; log: Logger },
	) {
		this.#port = port;
		this.#identity = identity;
		this.#listener = listener;
		this.#clock = clock;
		this.#log = log;
		// RFC 8842 section 5.3: who offers actpass or active gets a server, who offers passive a client.
		this.#dtlsRole = remote.setup === "passive" ? "client" : "server";
		this.#dtls = new DtlsSession({
			role: this.#dtlsRole,
			identity,
			fingerprint: remote.fingerprint,
			send: (datagram) => this.#path?.send(datagram),
			onKeys: (keys) => this.#onKeys(keys),
			onClosed: (reason) => this.#end(reason),
		});
		this.#startedAtMs = clock.now();
		this.#liveness = setInterval(() => this.#checkLiveness(), LIVENESS_CHECK_MS);
		port.add(this);
	}

	/** What the answer says about our end. */
	get local(): LocalTransport {
		return {
			ufrag: this.ufrag,
			password: this.#password,
			fingerprint: this.#identity.fingerprint,
			setup: this.#dtlsRole === "server" ? "passive" : "active",
			hosts: this.#port.hosts,
		};
	}

	get connected(): boolean {
		return this.#out !== undefined && !this.#closed;
	}

	sendRtp(packet: Buffer): void {
		if (this.#out && !this.#closed) this.#path?.send(this.#out.protectRtp(packet));
	}

	/** `packet`: a compound RTCP packet. */
	sendRtcp(packet: Buffer): void {
		if (this.#out && !this.#closed) this.#path?.send(this.#out.protectRtcp(packet));
	}

	/** Frees everything; idempotent. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		clearInterval(this.#liveness);
		this.#port.remove(this);
		this.#dtls.close();
	}

	onBindingRequest(datagram: Buffer, path: Path): boolean {
		const request = parseBindingRequest(datagram);
		if (!request || this.#closed || !hasIntegrity(datagram, request, this.#password)) return false;
		this.#lastAuthenticMs = this.#clock.now();
		path.send(bindingSuccess(request.transactionId, path.address, path.port, this.#password));
		// The newest nomination wins; before any, the first path that works.
		if (request.useCandidate || !this.#path) this.#path = path;
		if (this.#dtlsRole === "client") this.#dtls.connect();
		return true;
	}

	onDatagram(datagram: Buffer): void {
		if (this.#closed) return;
		if (isDtls(datagram)) this.#dtls.receive(datagram);
		else if (this.#in) this.#onMedia(datagram, this.#in);
	}

	#onMedia(datagram: Buffer, srtp: SrtpContext): void {
		const rtcp = isRtcp(datagram);
		const packet = rtcp ? srtp.unprotectRtcp(datagram) : srtp.unprotectRtp(datagram);
		if (!packet) return;
		this.#lastAuthenticMs = this.#clock.now();
		if (rtcp) this.#listener.onRtcp(packet);
		else this.#listener.onRtp(packet);
	}

	#onKeys({ local, remote }: SrtpKeys): void {
		this.#out = new SrtpContext(local);
		this.#in = new SrtpContext(remote);
		this.#log.info({ address: this.#path?.address, port: this.#path?.port }, "media connected");
		this.#listener.onConnected();
	}

	#checkLiveness(): void {
		const now = this.#clock.now();
		if (!this.#out) {
			if (now - this.#startedAtMs > CONNECT_DEADLINE_MS) this.#end("never connected");
		} else if (now - this.#lastAuthenticMs > SILENCE_DEADLINE_MS) this.#end("silent");
	}

	#end(reason: string): void {
		if (this.#closed) return;
		this.close();
		this.#log.info({ reason }, "media connection ended");
		this.#listener.onClosed(reason);
	}
}

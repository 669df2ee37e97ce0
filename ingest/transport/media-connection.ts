import type { Clock } from "../../core/runtime/clock.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { isRtcp } from "../rtp/rtp-packet.ts";
import type { IceCredentials } from "../sdp/session-description.ts";
import type { MediaSender } from "../sfu/media-sender.ts";
import { ConnectedSocket } from "./connected-socket.ts";
import type { DoorToWorker, PathName } from "./door-messages.ts";
import { isDtls } from "./dtls-records.ts";
import type { SrtpKeys } from "./dtls-session.ts";
import type { MediaConnections } from "./media-connections.ts";
import { transactionKey } from "./seen-nominations.ts";
import { createSrtpReceiver, createSrtpSender } from "./srtp.ts";
import type { SrtpReceiver, SrtpSender } from "./srtp-context.ts";
import { bindingSuccess, hasIntegrity, isStun, parseBindingRequest } from "./stun.ts";

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

/**
 * One peer's media, in its room's worker: SRTP and the checks of a path that is established already; what comes before,
 * and DTLS, is the door's. All above it is plain RTP and RTCP. Liveness is judged by authentic packets: some clients send
 * no STUN once they are connected, others no media while they are muted.
 */
export class MediaConnection implements MediaSender {
	readonly name: string;
	readonly #hub: MediaConnections;
	readonly #listener: MediaConnectionListener;
	readonly #clock: Clock;
	readonly #log: Logger;
	readonly #startedAtMs: number;
	#ice: IceCredentials;
	#path: PathName | undefined;
	#socket: ConnectedSocket | undefined;
	#in: SrtpReceiver | undefined;
	#out: SrtpSender | undefined;
	#lastAuthenticMs = 0;
	#complained = false;
	#closed = false;

	constructor(
		{
			name,
			ice,
			hub,
			listener,
		}: { name: string; ice: IceCredentials; hub: MediaConnections; listener: MediaConnectionListener },
		{ clock, log }: { clock: Clock; log: Logger },
	) {
		this.name = name;
		this.#ice = ice;
		this.#hub = hub;
		this.#listener = listener;
		this.#clock = clock;
		this.#log = log;
		this.#startedAtMs = clock.now();
		hub.add(this);
	}

	get connected(): boolean {
		return this.#out !== undefined && !this.#closed;
	}

	get scratch(): Buffer {
		return this.#hub.scratch;
	}

	sendRtp(length: number, index: number): void {
		if (!this.#out || this.#closed) return;
		const { scratch } = this.#hub;
		const sealed = this.#out.protectRtp(scratch, length, index);
		if (!this.#socket) this.#relay(scratch.subarray(0, sealed));
		else if (!this.#socket.send(scratch, sealed)) this.#hub.renewScratch();
	}

	/** `packet`: a compound RTCP packet in the clear. */
	sendRtcp(packet: Buffer): void {
		if (!this.#out || this.#closed) return;
		const sealed = this.#out.protectRtcp(packet);
		if (this.#socket) this.#socket.send(sealed, sealed.length);
		else this.#relay(sealed);
	}

	/** Frees everything; idempotent. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#socket?.close();
		this.#hub.remove(this);
	}

	onDoorMessage(message: DoorToWorker): void {
		if (this.#closed) return;
		switch (message.type) {
			case "path":
				this.#follow(message);
				break;
			case "keys":
				this.#onKeys(message.keys);
				break;
			case "credentials":
				this.#ice = message.ice;
				break;
			case "alive":
				this.#lastAuthenticMs = this.#clock.now();
				break;
			case "datagram":
				this.#tryDatagram(Buffer.from(message.data.buffer, message.data.byteOffset, message.data.byteLength));
				break;
			case "closed":
				this.#end(message.reason);
				break;
		}
	}

	/** To be called about once a second. */
	checkLiveness(): void {
		const now = this.#clock.now();
		if (!this.#out) {
			if (now - this.#startedAtMs > CONNECT_DEADLINE_MS) this.#end("never connected");
		} else if (now - this.#lastAuthenticMs > SILENCE_DEADLINE_MS) this.#end("silent");
	}

	#onKeys({ profile, local, remote }: SrtpKeys): void {
		this.#out = createSrtpSender(profile, local);
		this.#in = createSrtpReceiver(profile, remote);
		this.#lastAuthenticMs = this.#clock.now();
		if (this.#path) this.#follow(this.#path);
		this.#log.info({ address: this.#path?.address, port: this.#path?.port, profile }, "media connected");
		this.#listener.onConnected();
	}

	/** Moves to a path that the door has found authentic. */
	#follow(path: PathName): void {
		this.#path = path;
		if (!this.#in) return;
		this.#socket?.close();
		this.#socket = undefined;
		if (!path.connectable) return;
		try {
			this.#socket = new ConnectedSocket(path, {
				onDatagram: (datagram) => this.#tryDatagram(datagram, path),
				onStray: (stray) => this.#hub.relay(stray),
			});
		} catch (err) {
			// The door's socket is as good, only slower.
			this.#log.warn({ err }, "no socket of its own for a connection");
		}
	}

	/** A packet that nobody thought of must not take the worker with it, nor fill the log. Without `path`: by the door. */
	#tryDatagram(datagram: Buffer, path?: PathName): void {
		try {
			if (path) this.#onDatagram(datagram, path);
			else this.#onMedia(datagram);
		} catch (err) {
			if (!this.#complained) this.#log.error({ err }, "a packet could not be handled");
			this.#complained = true;
		}
	}

	#onDatagram(datagram: Buffer, { path }: PathName): void {
		if (this.#closed) return;
		if (isStun(datagram)) this.#onStun(datagram, path);
		else if (isDtls(datagram)) this.#hub.relay({ type: "datagram", connection: this.name, path, data: datagram });
		else this.#onMedia(datagram);
	}

	#onStun(datagram: Buffer, path: string): void {
		const request = parseBindingRequest(datagram);
		if (!request) return;
		if (request.localUfrag !== this.#ice.ufrag) {
			this.#hub.relay({ type: "datagram", connection: this.name, path, data: datagram });
			return;
		}
		if (!this.#path || !hasIntegrity(datagram, request, this.#ice.password)) return;
		this.#lastAuthenticMs = this.#clock.now();
		if (request.useCandidate) {
			this.#hub.tell({ type: "nomination", connection: this.name, key: transactionKey(request.transactionId) });
		}
		const { address, port } = this.#path;
		const answer = bindingSuccess(request.transactionId, address, port, this.#ice.password);
		this.#socket?.send(answer, answer.length);
	}

	#onMedia(datagram: Buffer): void {
		if (!this.#in) return;
		const rtcp = isRtcp(datagram);
		const packet = rtcp ? this.#in.unprotectRtcp(datagram) : this.#in.unprotectRtp(datagram);
		if (!packet) return;
		this.#lastAuthenticMs = this.#clock.now();
		if (rtcp) this.#listener.onRtcp(packet);
		else this.#listener.onRtp(packet);
	}

	#relay(data: Uint8Array): void {
		// A copy: the scratch buffer stays here.
		this.#hub.relay({ type: "send", connection: this.name, data: new Uint8Array(data) });
	}

	#end(reason: string): void {
		if (this.#closed) return;
		this.close();
		this.#log.info({ reason }, "media connection ended");
		this.#listener.onClosed(reason);
	}
}

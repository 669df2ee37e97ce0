import { createHash, createHmac, randomBytes, X509Certificate } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { crc32 } from "node:zlib";
import { frame } from "../feed/framing.ts";
import type { Fingerprint, IceCredentials } from "../sdp/session-description.ts";
import { type DtlsIdentity, DtlsSession, type SrtpKeys } from "../transport/dtls-session.ts";
import { createSrtpReceiver, createSrtpSender } from "../transport/srtp.ts";
import { StreamFrames } from "../transport/stream-frames.ts";
import { until } from "./until.ts";

export const LOOPBACK = "127.0.0.1";

interface Wire {
	/** Of our own end. */
	port: number;
	send(datagram: Buffer): void;
	onDatagram(listener: (datagram: Buffer) => void): void;
	close(): void;
}

export async function udpWire(port: number): Promise<Wire> {
	const socket = createSocket("udp4");
	socket.bind(0, LOOPBACK);
	await once(socket, "listening");
	return {
		port: socket.address().port,
		send: (datagram) => socket.send(datagram, port, LOOPBACK),
		onDatagram: (listener) => socket.on("message", listener),
		close: () => socket.close(),
	};
}

/** ICE-TCP as active end. */
export async function tcpWire(port: number): Promise<Wire & { closed(): boolean }> {
	const socket = connect(port, LOOPBACK);
	await once(socket, "connect");
	const frames = new StreamFrames();
	let closed = false;
	socket.on("close", () => {
		closed = true;
	});
	socket.on("error", () => {});
	return {
		port: socket.localPort ?? 0,
		send: (datagram) => socket.write(frame(datagram)),
		onDatagram: (listener) => socket.on("data", (chunk) => frames.push(chunk, listener)),
		close: () => socket.destroy(),
		closed: () => closed,
	};
}

export function fingerprintOf({ certificate }: DtlsIdentity): Fingerprint {
	const value = createHash("sha256").update(new X509Certificate(certificate.certPem).raw).digest();
	return { algorithm: "sha-256", value };
}

export interface MediaPeerOptions {
	wire: Wire;
	/** The server's end of ICE. */
	ice: IceCredentials;
	identity: DtlsIdentity;
	/** The server's. */
	fingerprint: Fingerprint;
	role?: "client" | "server";
}

/** A full ICE agent's side, as far as it matters: signs its checks, then speaks DTLS and SRTP. */
export function mediaPeer({ wire: first, ice, identity, fingerprint, role = "client" }: MediaPeerOptions) {
	let wire = first;
	let sender: ReturnType<typeof createSrtpSender> | undefined;
	const answers: Buffer[] = [];
	const media: Buffer[] = [];
	const closed: string[] = [];
	let keys: SrtpKeys | undefined;
	const dtls = new DtlsSession({
		role,
		identity,
		fingerprint,
		send: (datagram) => wire.send(datagram),
		onKeys: (made) => {
			keys = made;
		},
		onClosed: (reason) => closed.push(reason),
	});
	const listen = (to: Wire) =>
		to.onDatagram((datagram) => {
			if (datagram.readUInt8(0) < 4) answers.push(datagram);
			else if (datagram.readUInt8(0) < 64) dtls.receive(datagram);
			else media.push(datagram);
		});
	listen(wire);

	const peer = {
		dtls,
		/** STUN that came. */
		answers,
		/** SRTP and SRTCP that came, as they came. */
		media,
		/** Why the server's DTLS ended. */
		closed,
		keys: () => keys,
		send: (datagram: Buffer) => wire.send(datagram),
		/** A check, which nominates unless told otherwise. */
		check: (given: { ice?: IceCredentials; nominate?: boolean; fingerprint?: number } = {}) =>
			wire.send(bindingRequest(given.ice ?? ice, given)),
		/** A check, and its answer. */
		async checked(given: { ice?: IceCredentials; nominate?: boolean } = {}): Promise<void> {
			const before = answers.length;
			peer.check(given);
			await until("an answer to the check", () => answers.length > before);
		},
		/** Everything up to the keys. */
		async connect(): Promise<void> {
			await peer.checked();
			if (role === "client") dtls.connect();
			await until("the handshake", () => keys);
		},
		/** `packet`: RTP in the clear, under sequence numbers that only go up and never wrap. */
		sendRtp(packet: Buffer): void {
			if (!keys) throw new Error("not connected");
			sender ??= createSrtpSender(keys.profile, keys.local);
			const buffer = Buffer.alloc(packet.length + sender.overhead);
			packet.copy(buffer);
			wire.send(buffer.subarray(0, sender.protectRtp(buffer, packet.length, packet.readUInt16BE(2))));
		},
		/** What came of media so far, in the clear. */
		opened(): Buffer[] {
			if (!keys) return [];
			const receiver = createSrtpReceiver(keys.profile, keys.remote);
			return media.flatMap((datagram) => {
				const copy = Buffer.from(datagram);
				const rtcp = (copy.readUInt8(1) & 0x7f) >= 64 && (copy.readUInt8(1) & 0x7f) < 96;
				return (rtcp ? receiver.unprotectRtcp(copy) : receiver.unprotectRtp(copy)) ?? [];
			});
		},
		/** Goes on from another address. */
		move(to: Wire): void {
			wire.close();
			wire = to;
			listen(to);
		},
		/** Leaves without a word. */
		close(): void {
			wire.close();
		},
	};
	return peer;
}

/** `fingerprint`: what to put there instead of the right value; without it there is none. */
export function bindingRequest(
	{ ufrag, password }: IceCredentials,
	{ nominate = true, fingerprint }: { nominate?: boolean; fingerprint?: number } = {},
): Buffer {
	const name = Buffer.from(`${ufrag}:peer`);
	const padded = Buffer.alloc(Math.ceil(name.length / 4) * 4);
	name.copy(padded);
	const head = Buffer.alloc(20);
	head.writeUInt16BE(1, 0);
	head.writeUInt32BE(0x2112a442, 4);
	randomBytes(12).copy(head, 8);
	const nomination = nominate ? Buffer.from([0, 0x25, 0, 0]) : Buffer.alloc(0);
	const body = Buffer.concat([head, Buffer.from([0, 6, 0, name.length]), padded, nomination]);
	body.writeUInt16BE(body.length - 20 + 24, 2);
	const signature = createHmac("sha1", password).update(body).digest();
	const signed = Buffer.concat([body, Buffer.from([0, 8, 0, 20]), signature]);
	if (fingerprint === undefined) return signed;
	const end = Buffer.from([0x80, 0x28, 0, 4, 0, 0, 0, 0]);
	signed.writeUInt16BE(signed.length - 20 + 8, 2);
	end.writeUInt32BE((crc32(signed) ^ 0x5354554e ^ fingerprint) >>> 0, 4);
	return Buffer.concat([signed, end]);
}

import { createHash, createHmac, randomBytes, X509Certificate } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLog } from "../../core/runtime/log.ts";
import type { RemoteTransport } from "../sdp/session-description.ts";
import { until } from "../test-support/ingest-server.ts";
import { createDtlsIdentity, type DtlsIdentity, DtlsSession, type SrtpKeys } from "./dtls-session.ts";
import { MediaConnection } from "./media-connection.ts";
import { MediaPort } from "./media-port.ts";
import { SrtpContext } from "./srtp.ts";

const log = createLog({ level: "silent", pretty: false });
const HOST = "127.0.0.1";
const rtp = Buffer.from("8060000100000002000000037061796c6f6164", "hex");

let port: MediaPort;
let identity: DtlsIdentity;
let closers: (() => void)[];
beforeEach(async () => {
	closers = [];
	identity = await createDtlsIdentity();
	port = await MediaPort.open(0, log);
});
afterEach(async () => {
	for (const close of closers) close();
	await port.close();
});

function fingerprintOf({ certificate }: DtlsIdentity) {
	return {
		algorithm: "sha-256",
		value: createHash("sha256").update(new X509Certificate(certificate.certPem).raw).digest(),
	};
}

/** A connection under test, and what it told. */
function connection(remote: Partial<RemoteTransport> = {}) {
	const clock = { offsetMs: 0, now: () => Date.now() + clock.offsetMs };
	const told = { connected: 0, rtp: [] as Buffer[], rtcp: [] as Buffer[], closed: [] as string[] };
	const own = new MediaConnection(
		{
			port,
			identity,
			remote: { setup: "actpass", fingerprint: fingerprintOf(identity), ...remote },
			listener: {
				onConnected: () => told.connected++,
				onRtp: (packet) => told.rtp.push(packet),
				onRtcp: (packet) => told.rtcp.push(packet),
				onClosed: (reason) => told.closed.push(reason),
			},
		},
		{ clock, log },
	);
	closers.push(() => own.close());
	return { own, clock, told };
}

/** A full ICE agent's side, as far as it matters: signs its checks, then speaks DTLS and SRTP. */
async function peerOf(
	{ local }: MediaConnection,
	role: "client" | "server" = "client",
	bend: (datagram: Buffer) => Buffer = (d) => d,
) {
	const socket = createSocket("udp4");
	socket.bind(0, HOST);
	await once(socket, "listening");
	closers.push(() => socket.close());
	const target = local.hosts.find(({ address }) => address === HOST);
	if (!target) throw new Error("no loopback candidate");
	const send = (datagram: Buffer) => socket.send(datagram, target.port, HOST);
	const answers: Buffer[] = [];
	let keys: SrtpKeys | undefined;
	const dtls = new DtlsSession({
		role,
		identity,
		fingerprint: fingerprintOf(identity),
		send: (datagram) => send(bend(datagram)),
		onKeys: (made) => {
			keys = made;
		},
		onClosed: () => {},
	});
	closers.push(() => dtls.close());
	const media: Buffer[] = [];
	socket.on("message", (datagram) => {
		if (datagram.readUInt8(0) < 4) answers.push(datagram);
		else if (datagram.readUInt8(0) < 64) dtls.receive(datagram);
		else media.push(datagram);
	});
	return {
		send,
		dtls,
		answers,
		media,
		keys: () => keys,
		/** A check that nominates. */
		check: (password = local.password) => send(bindingRequest(local.ufrag, password)),
	};
}

function bindingRequest(ufrag: string, password: string): Buffer {
	const name = Buffer.from(`${ufrag}:peer`.padEnd(Math.ceil((ufrag.length + 5) / 4) * 4, "x"));
	const head = Buffer.alloc(20);
	head.writeUInt16BE(1, 0);
	head.writeUInt16BE(4 + name.length + 4 + 24, 2);
	head.writeUInt32BE(0x2112a442, 4);
	randomBytes(12).copy(head, 8);
	const body = Buffer.concat([head, Buffer.from([0, 6, 0, name.length]), name, Buffer.from([0, 0x25, 0, 0])]);
	return Buffer.concat([body, Buffer.from([0, 8, 0, 20]), createHmac("sha1", password).update(body).digest()]);
}

test.each([
	["actpass", "client"],
	["active", "client"],
	["passive", "server"],
] as const)("with a peer that offers %s, media goes both ways, and an end by silence is told", async (setup, role) => {
	const { own, clock, told } = connection({ setup });
	expect(own.local.setup).toBe(role === "client" ? "passive" : "active");
	const peer = await peerOf(own, role);
	peer.check();
	await until("an answer to the check", () => peer.answers.length > 0);
	if (role === "client") peer.dtls.connect();
	const keys = await until("the handshake", () => told.connected === 1 && peer.keys());
	const [out, into] = [new SrtpContext(keys.local), new SrtpContext(keys.remote)];
	peer.send(out.protectRtp(rtp));
	await until("RTP to arrive", () => told.rtp.length > 0);
	own.sendRtp(rtp);
	own.sendRtcp(Buffer.from("80c9000100000001", "hex"));
	await until("media to come back", () => peer.media.length === 2);
	expect(told.rtp).toEqual([rtp]);
	expect(peer.media.map((datagram) => into.unprotectRtp(datagram) ?? into.unprotectRtcp(datagram))).toContainEqual(rtp);
	expect(told.closed).toEqual([]);
	clock.offsetMs += 10_001;
	await until("the silence to be noticed", () => told.closed.length > 0);
	expect(told.closed).toEqual(["silent"]);
	own.sendRtp(rtp);
});

test("what never connects is ended", async () => {
	const { clock, told } = connection();
	clock.offsetMs += 20_001;
	await until("the end", () => told.closed.length > 0);
	expect(told.closed).toEqual(["never connected"]);
});

test("who cannot sign gets no answer and no path", async () => {
	const { own, told } = connection();
	const stranger = await peerOf(own);
	stranger.check("wrong password");
	stranger.dtls.connect();
	const peer = await peerOf(own);
	peer.check();
	await until("an answer to the one who can", () => peer.answers.length > 0);
	peer.dtls.connect();
	await until("the handshake", () => told.connected === 1);
	expect(stranger.answers).toEqual([]);
	expect(stranger.keys()).toBeUndefined();
});

test("garbage does no harm, before the handshake and after it, from strangers and from the peer's own address", async () => {
	const { own, told } = connection();
	const peer = await peerOf(own);
	const stranger = await peerOf(own);
	const hello = Buffer.from("16fefd000000000000000000180100000c000000000000000cfefd00000000000000000000", "hex");
	const garbage = [
		Buffer.alloc(0),
		Buffer.from([22]),
		Buffer.from("16fefd0000000000000000ffff", "hex"),
		Buffer.from("16fefd00000000000000000004", "hex"),
		hello,
		Buffer.from("15fefd000000000000000000020100", "hex"),
		Buffer.from("15fefd000100000000000000020100", "hex"),
		Buffer.from("15fefd00010000000000090018000000000000000000000000000000000000000000000000", "hex"),
		Buffer.from("17fefd000100000000000900020000", "hex"),
		Buffer.from([0x80, 96]),
		Buffer.from([0x80, 200, 0, 1]),
		Buffer.alloc(1500, 0xff),
		Buffer.concat([Buffer.from("000100082112a442", "hex"), Buffer.alloc(12)]),
		...Array.from({ length: 50 }, () => randomBytes(200)),
	];
	const spray = () => {
		for (const datagram of garbage) {
			peer.send(datagram);
			stranger.send(datagram);
		}
	};
	spray();
	peer.check();
	await until("an answer to the check", () => peer.answers.length > 0);
	spray();
	peer.dtls.connect();
	const keys = await until("the handshake", () => told.connected === 1 && peer.keys());
	spray();
	peer.send(new SrtpContext(keys.local).protectRtp(rtp));
	await until("RTP to arrive", () => told.rtp.length > 0);
	expect(told).toMatchObject({ connected: 1, rtp: [rtp], rtcp: [], closed: [] });
});

test("a peer without the certificate of its SDP, or without that certificate's key, is refused", async () => {
	const other = connection({ fingerprint: { algorithm: "sha-256", value: Buffer.alloc(32, 1) } });
	const peer = await peerOf(other.own);
	peer.check();
	await until("an answer to the check", () => peer.answers.length > 0);
	peer.dtls.connect();
	await until("the end", () => other.told.closed.length > 0);
	expect(other.told).toMatchObject({ connected: 0, closed: ["fingerprint mismatch"] });

	// Someone who has the certificate but signs with something else: the signature's last byte is off.
	const proven = connection();
	const thief = await peerOf(proven.own, "client", (datagram) => {
		const isCertificateVerify = datagram.readUInt8(0) === 22 && datagram[13] === 15;
		const bent = Buffer.from(datagram);
		if (isCertificateVerify) bent.writeUInt8(bent.readUInt8(bent.length - 1) ^ 1, bent.length - 1);
		return bent;
	});
	thief.check();
	await until("an answer to the check", () => thief.answers.length > 0);
	thief.dtls.connect();
	await until("the end", () => proven.told.closed.length > 0);
	expect(proven.told).toMatchObject({ connected: 0, closed: ["certificate not proven"] });
});

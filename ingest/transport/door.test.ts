import { generateKeyPairSync, randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLog } from "../../core/runtime/log.ts";
import type { IceCredentials } from "../sdp/session-description.ts";
import {
	bindingRequest,
	fingerprintOf,
	LOOPBACK,
	type MediaPeerOptions,
	mediaPeer,
	tcpWire,
	udpWire,
} from "../test-support/media-peer.ts";
import { until } from "../test-support/until.ts";
import { Door } from "./door.ts";
import { createDtlsIdentity, type DtlsIdentity } from "./dtls-session.ts";
import { MediaConnection } from "./media-connection.ts";
import { MediaConnections } from "./media-connections.ts";
import { createChannel } from "./thread-channel.ts";

const log = createLog({ level: "silent", pretty: false });
const WORKER = 1;
const clock = { offsetMs: 0, now: () => Date.now() + clock.offsetMs };

let identity: DtlsIdentity;
let door: Door;
let hub: MediaConnections;
let closers: (() => void)[];
beforeEach(async () => {
	closers = [];
	clock.offsetMs = 0;
	identity = await createDtlsIdentity();
	door = await Door.open(0, { clock, log });
	hub = new MediaConnections({ log });
	const [atDoor, atWorker] = createChannel();
	door.onMessage({ type: "attach", worker: WORKER, end: atDoor });
	hub.attach(atWorker);
});
afterEach(async () => {
	for (const close of closers) close();
	hub.close();
	await door.close();
});

const draw = (): IceCredentials => ({
	ufrag: randomBytes(6).toString("base64"),
	password: randomBytes(24).toString("base64"),
});
const rtp = (sequence: number) =>
	Buffer.from(`8060${sequence.toString(16).padStart(4, "0")}00000002000000037061796c6f6164`, "hex");

/** A connection under test, and what it told. */
function connection({ dtlsRole = "server" as "server" | "client", fingerprint = fingerprintOf(identity) } = {}) {
	const ice = draw();
	const name = ice.ufrag;
	const told = { connected: 0, rtp: [] as Buffer[], rtcp: [] as Buffer[], closed: [] as string[] };
	const own = new MediaConnection(
		{
			name,
			ice,
			hub,
			listener: {
				onConnected: () => told.connected++,
				onRtp: (packet) => told.rtp.push(Buffer.from(packet)),
				onRtcp: (packet) => told.rtcp.push(Buffer.from(packet)),
				onClosed: (reason) => told.closed.push(reason),
			},
		},
		{ clock, log },
	);
	door.onMessage({ type: "expect", connection: name, worker: WORKER, ice, dtlsRole, fingerprint });
	const send = (packet: Buffer) => {
		packet.copy(own.scratch);
		own.sendRtp(packet.length, packet.readUInt16BE(2));
	};
	return { own, name, ice, told, send };
}

async function peerOf(ice: IceCredentials, options: Partial<MediaPeerOptions> = {}) {
	const wire = options.wire ?? (await udpWire(portOf("udp")));
	const peer = mediaPeer({ ice, identity, fingerprint: fingerprintOf(door.identity), ...options, wire });
	closers.push(() => peer.close());
	return peer;
}

function portOf(protocol: "udp" | "tcp"): number {
	const host = door.ports.hosts.find((found) => found.address === LOOPBACK && found.protocol === protocol);
	if (!host) throw new Error(`no ${protocol} candidate on loopback`);
	return host.port;
}

test.each([
	["server", "client"],
	["client", "server"],
] as const)("as DTLS %s, media goes both ways, and both ends of it are told", async (dtlsRole, role) => {
	const { own, told, send, name, ice } = connection({ dtlsRole });
	const peer = await peerOf(ice, { role });
	await peer.connect();
	await until("the connection", () => told.connected === 1);
	expect(peer.keys()?.profile).toBe("AES_CM_128_HMAC_SHA1_80");
	peer.sendRtp(rtp(1));
	await until("RTP to arrive", () => told.rtp.length > 0);
	expect(told.rtp).toEqual([rtp(1)]);
	send(rtp(7));
	own.sendRtcp(Buffer.from("80c9000100000001", "hex"));
	await until("media to come back", () => peer.media.length === 2);
	expect(peer.opened()).toEqual([rtp(7), Buffer.from("80c9000100000001", "hex")]);

	door.onMessage({ type: "forget", connection: name });
	await until("the goodbye", () => peer.closed.length > 0);
	expect(peer.closed).toEqual(["closed by peer"]);
	expect(told.closed).toEqual([]);
});

test("a peer's goodbye ends the connection at once, its silence after a while", async () => {
	const one = connection();
	const leaving = await peerOf(one.ice);
	await leaving.connect();
	await until("the connection", () => one.told.connected === 1);
	leaving.dtls.close();
	await until("the end", () => one.told.closed.length > 0);
	expect(one.told.closed).toEqual(["closed by peer"]);

	const two = connection();
	const silent = await peerOf(two.ice);
	await silent.connect();
	await until("the connection", () => two.told.connected === 1);
	clock.offsetMs += 9_000;
	await silent.checked();
	clock.offsetMs += 9_000;
	two.own.checkLiveness();
	expect(two.told.closed).toEqual([]);
	clock.offsetMs += 2_000;
	two.own.checkLiveness();
	expect(two.told.closed).toEqual(["silent"]);
});

test("checks sent again from elsewhere keep nobody alive who is silent", async () => {
	const { own, told, ice } = connection();
	const peer = await peerOf(ice);
	await peer.connect();
	await until("the connection", () => told.connected === 1);
	const recorded = [bindingRequest(ice), bindingRequest(ice, { nominate: false })];
	for (const datagram of recorded) peer.send(datagram);
	await until("answers to the peer", () => peer.answers.length === 3);
	clock.offsetMs += 9_000;
	const thief = await peerOf(ice);
	for (const datagram of recorded) thief.send(datagram);
	await until("answers to the thief", () => thief.answers.length === 2);
	clock.offsetMs += 2_000;
	own.checkLiveness();
	expect(told.closed).toEqual(["silent"]);
});

test("what never connects is ended", () => {
	const { own, told } = connection();
	clock.offsetMs += 20_001;
	own.checkLiveness();
	expect(told.closed).toEqual(["never connected"]);
});

test("media leaves the door as soon as there are keys", async () => {
	const { told, ice } = connection();
	const peer = await peerOf(ice);
	await peer.connect();
	await until("the connection", () => told.connected === 1);
	const relayed: string[] = [];
	const { tell } = door;
	door.tell = (worker, message) => {
		relayed.push(message.type);
		tell.call(door, worker, message);
	};
	for (let sequence = 1; sequence <= 50; sequence++) peer.sendRtp(rtp(sequence));
	await peer.checked();
	await until("all to arrive", () => told.rtp.length === 50);
	expect(relayed).toEqual([]);
});

test("forged checks get no answer, no path and no nomination", async () => {
	const { told, send, ice } = connection();
	const stranger = await peerOf(ice);
	stranger.check({ ice: { ...ice, password: "wrong password" } });
	stranger.check({ ice: { ...ice, ufrag: "nobody" } });
	stranger.check({ fingerprint: 1 });
	stranger.dtls.connect();
	const peer = await peerOf(ice);
	peer.check({ fingerprint: 0 });
	await peer.connect();
	await until("the connection", () => told.connected === 1);
	stranger.check({ ice: { ...ice, password: "wrong password" } });
	stranger.check({ fingerprint: 1 });
	await peer.checked();
	send(rtp(1));
	await until("media to go to the peer", () => peer.media.length === 1);
	expect(stranger.answers).toEqual([]);
	expect(stranger.media).toEqual([]);
	expect(stranger.keys()).toBeUndefined();
});

test("a peer that moves is followed when its check says so, and only then", async () => {
	const { told, send, ice } = connection();
	const peer = await peerOf(ice);
	await peer.connect();
	await until("the connection", () => told.connected === 1);
	const recorded: Buffer[] = [];
	const wire = await udpWire(portOf("udp"));
	wire.onDatagram((datagram) => recorded.push(datagram));
	// From the new address: media alone, a check without a nomination, and a replayed nomination under another's name.
	wire.send(bindingRequest({ ufrag: ice.ufrag, password: "guess" }));
	wire.send(bindingRequest(ice, { nominate: false }));
	await until("an answer to the check", () => recorded.length === 1);
	send(rtp(1));
	await until("media at the old address", () => peer.media.length === 1);

	wire.send(bindingRequest(ice));
	await until("an answer to the nomination", () => recorded.length === 2);
	await until("media at the new address", () => {
		send(rtp(told.rtp.length + 100));
		return recorded.length > 2;
	});
	peer.move(wire);
	peer.sendRtp(rtp(2));
	await until("media from the new address", () => told.rtp.length === 1);
	expect(told.closed).toEqual([]);
});

test("a recorded nomination sent again from elsewhere gets an answer, but no media", async () => {
	const { told, send, ice } = connection();
	const peer = await peerOf(ice);
	const early = bindingRequest(ice);
	peer.send(early);
	await until("an answer to the early one", () => peer.answers.length === 1);
	await peer.connect();
	await until("the connection", () => told.connected === 1);
	const late = bindingRequest(ice);
	peer.send(late);
	await until("an answer to the late one", () => peer.answers.length === 3);

	const thief = await peerOf(ice);
	for (const recorded of [early, late]) {
		const before = thief.answers.length;
		thief.send(recorded);
		await until("an answer to the thief", () => thief.answers.length > before);
		send(rtp(before + 1));
		await until("media to the peer", () => peer.media.length === before + 1);
	}
	// A thief who is faster than the peer gets some, until the peer's next check.
	thief.send(bindingRequest(ice));
	await until("an answer to the fast one", () => thief.answers.length === 3);
	await peer.checked();
	await until("media to the peer again", () => {
		send(rtp(told.rtp.length + peer.media.length + thief.media.length + 10));
		return peer.media.length > 2;
	});
	expect(told.closed).toEqual([]);
});

test("a restart goes over to the new credentials with the first check under them, and not before", async () => {
	const { told, send, name, ice } = connection();
	const peer = await peerOf(ice);
	await peer.connect();
	await until("the connection", () => told.connected === 1);

	// A restart that fails: its checks never come, or are not right.
	door.onMessage({ type: "restart", connection: name, ice: draw() });
	const next = draw();
	door.onMessage({ type: "restart", connection: name, ice: next });
	const before = peer.answers.length;
	peer.check({ ice: { ...next, password: ice.password } });
	await peer.checked();
	peer.sendRtp(rtp(1));
	await until("media as before", () => told.rtp.length === 1);
	expect(peer.answers.length).toBe(before + 1);

	// One that works, from another address.
	const moved = await udpWire(portOf("udp"));
	peer.move(moved);
	await peer.checked({ ice: next });
	peer.sendRtp(rtp(2));
	await until("media by the new path", () => told.rtp.length === 2);
	send(rtp(3));
	await until("media to the new path", () => peer.media.length > 0);
	const answers = peer.answers.length;
	peer.check({ ice });
	await peer.checked({ ice: next });
	expect(peer.answers.length).toBe(answers + 1);
	expect(told).toMatchObject({ connected: 1, closed: [] });
});

test("a restart works from the address of before, too", async () => {
	const { told, name, ice } = connection();
	const peer = await peerOf(ice);
	await peer.connect();
	await until("the connection", () => told.connected === 1);
	const next = draw();
	door.onMessage({ type: "restart", connection: name, ice: next });
	await peer.checked({ ice: next });
	const answers = peer.answers.length;
	peer.check({ ice });
	await peer.checked({ ice: next });
	expect(peer.answers.length).toBe(answers + 1);
	peer.sendRtp(rtp(1));
	await until("media", () => told.rtp.length === 1);
});

test("over TCP media goes both ways, and a stranger's connection is ended", async () => {
	const { told, send, ice } = connection();
	const peer = await peerOf(ice, { wire: await tcpWire(portOf("tcp")) });
	await peer.connect();
	await until("the connection", () => told.connected === 1);
	peer.sendRtp(rtp(1));
	await until("RTP to arrive", () => told.rtp.length > 0);
	send(rtp(9));
	await until("RTP to come back", () => peer.media.length > 0);
	expect(told.rtp).toEqual([rtp(1)]);
	expect(peer.opened()).toEqual([rtp(9)]);
	// Two paths are one peer's: it may go over to UDP.
	peer.move(await udpWire(portOf("udp")));
	await peer.checked();
	peer.sendRtp(rtp(2));
	await until("RTP over UDP", () => told.rtp.length === 2);

	const stranger = await tcpWire(portOf("tcp"));
	closers.push(() => stranger.close());
	stranger.send(Buffer.alloc(5000, 0x16));
	await until("the end of a stranger", () => stranger.closed(), 4_000);
	const silent = await tcpWire(portOf("tcp"));
	closers.push(() => silent.close());
	await until("the end of one who proves nothing", () => silent.closed(), 8_000);
});

test("a packet that cannot be handled harms nothing", async () => {
	const { told, ice } = connection();
	const { push } = told.rtp;
	told.rtp.push = (packet) => {
		if (packet.readUInt16BE(2) === 1) throw new Error("nobody thought of it");
		return push.call(told.rtp, packet);
	};
	const peer = await peerOf(ice);
	await peer.connect();
	await until("the connection", () => told.connected === 1);
	peer.sendRtp(rtp(1));
	peer.sendRtp(rtp(2));
	await until("the next one", () => told.rtp.length === 1);
	expect([...told.rtp]).toEqual([rtp(2)]);
	expect(told.closed).toEqual([]);
});

test("a port that is taken is refused, though sockets of one server share it", async () => {
	const { port } = door.ports;
	await expect(Door.open(port, { clock, log })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("handshakes that nobody finishes are bounded, in all and for each", async () => {
	const hello = Buffer.from("16fefd000000000000000000180100000c000000000000000cfefd00000000000000000000", "hex");
	const flooding = Array.from({ length: 130 }, () => connection());
	for (const { ice } of flooding) {
		const peer = await peerOf(ice);
		await peer.checked();
		peer.send(hello);
	}
	await until("the flood to arrive", () => door.handshakes >= 100);
	expect(door.handshakes).toBe(100);
	const [first] = flooding;
	if (!first) throw new Error("no connection");
	const peer = await peerOf(first.ice);
	await peer.checked();
	for (let sent = 0; sent < 300; sent++) peer.send(hello);
	await until("the end of it", () => first.told.closed.length > 0);
	expect(first.told.closed).toEqual(["too long a handshake"]);
	// Its place is free for others.
	const honest = connection();
	const guest = await peerOf(honest.ice);
	await guest.connect();
	await until("the connection", () => honest.told.connected === 1);
});

test("garbage does no harm, before the handshake and after it, from strangers and from the peer's own address", async () => {
	const { told, ice } = connection();
	const peer = await peerOf(ice);
	const stranger = await peerOf(ice);
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
		// A Finished in the clear.
		Buffer.from(`16fefd00000000000000090018140000${"0c000400000000000c"}${"00".repeat(12)}`, "hex"),
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
	await peer.checked();
	spray();
	peer.dtls.connect();
	await until("the handshake", () => told.connected === 1 && peer.keys());
	// What the handshake has in the clear, once more and made up, and a change of cipher.
	for (const type of [0, 2, 3, 11, 12, 13, 14, 15, 16]) {
		const head = Buffer.from("16fefd00000000000010ff004e000000420009000000000042", "hex");
		head.writeUInt8(type, 13);
		garbage.push(Buffer.concat([head, randomBytes(66)]));
	}
	garbage.push(Buffer.from("14fefd0000000000001fff000101", "hex"));
	spray();
	peer.sendRtp(rtp(1));
	await until("RTP to arrive", () => told.rtp.length > 0);
	expect(told).toMatchObject({ connected: 1, rtp: [rtp(1)], rtcp: [], closed: [] });
	peer.dtls.close();
	await until("the goodbye", () => told.closed.length > 0);
	expect(told.closed).toEqual(["closed by peer"]);
});

test("a peer without the certificate of its SDP, or without that certificate's key, is refused", async () => {
	const other = connection({ fingerprint: { algorithm: "sha-256", value: Buffer.alloc(32, 1) } });
	const peer = await peerOf(other.ice);
	await peer.checked();
	peer.dtls.connect();
	await until("the end", () => other.told.closed.length > 0);
	expect(other.told).toMatchObject({ connected: 0, closed: ["fingerprint mismatch"] });

	// Someone who has the certificate, but another key.
	const { privateKey: key } = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const privateKey = key.export({ type: "pkcs8", format: "pem" }).toString();
	const stolen = { ...identity, certificate: { ...identity.certificate, privateKey } };
	for (const [dtlsRole, role] of [
		["server", "client"],
		["client", "server"],
	] as const) {
		const proven = connection({ dtlsRole });
		const thief = await peerOf(proven.ice, { role, identity: stolen as DtlsIdentity });
		await thief.checked();
		if (role === "client") thief.dtls.connect();
		await until("the end", () => proven.told.closed.length > 0);
		expect(proven.told).toMatchObject({ connected: 0, closed: ["certificate not proven"] });
	}
});

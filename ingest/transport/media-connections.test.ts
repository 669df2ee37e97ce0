import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { createLog } from "../../core/runtime/log.ts";
import { LOOPBACK } from "../test-support/media-peer.ts";
import { until } from "../test-support/until.ts";
import type { DoorToWorker, WorkerToDoor } from "./door-messages.ts";
import { MediaConnection } from "./media-connection.ts";
import { MediaConnections } from "./media-connections.ts";
import { createSrtpReceiver } from "./srtp.ts";
import { createChannel, ThreadChannel } from "./thread-channel.ts";
import { bind, createMediaSocket } from "./udp-socket.ts";

const log = createLog({ level: "silent", pretty: false });
const clock = { now: () => Date.now() };
const rtp = Buffer.from("806000010000000200000003aabbccdd", "hex");
const closers: (() => void)[] = [];
afterEach(() => {
	for (const close of closers.splice(0)) close();
});

test("what the door tells before a connection is open is not lost, and media goes by its own socket", async () => {
	const peer = createMediaSocket(LOOPBACK, { reusePort: false });
	await bind(peer, LOOPBACK, 0);
	closers.push(() => peer.close());
	const hub = new MediaConnections({ log });
	const [atDoor, atWorker] = createChannel();
	const relayed: WorkerToDoor[] = [];
	const door = new ThreadChannel<WorkerToDoor, DoorToWorker>(atDoor, (message) => relayed.push(message));
	hub.attach(atWorker);
	closers.push(
		() => hub.close(),
		() => door.close(),
	);
	const told = { connected: 0 };
	const open = (name: string, onConnected: () => void) => {
		const listener = { onConnected, onRtp() {}, onRtcp() {}, onClosed() {} };
		return new MediaConnection({ name, ice: { ufrag: name, password: name }, hub, listener }, { clock, log });
	};
	const master = { key: randomBytes(16), salt: randomBytes(14) };
	const keys = { profile: "AES_CM_128_HMAC_SHA1_80" as const, local: master, remote: master };
	const { port } = peer.address();
	const path = { path: "p", localAddress: LOOPBACK, localPort: 0, address: LOOPBACK, port, connectable: true };
	open("first", () => told.connected++);
	door.post({ type: "path", connection: "late", ...path });
	door.post({ type: "keys", connection: "late", keys });
	// In order: when this one has come, so have the others.
	door.post({ type: "keys", connection: "first", keys });
	await until("the first connection", () => told.connected === 1);

	let owner: MediaConnection | undefined;
	let ownerKnew: boolean | undefined;
	owner = open("late", () => {
		ownerKnew = owner !== undefined;
	});
	await until("the late connection", () => ownerKnew !== undefined);
	expect(ownerKnew).toBe(true);
	const arrived = once(peer, "message") as Promise<[Buffer]>;
	rtp.copy(owner.scratch);
	owner.sendRtp(rtp.length, 1);
	const [datagram] = await arrived;
	expect(createSrtpReceiver(keys.profile, master).unprotectRtp(datagram)).toEqual(rtp);
	expect(relayed).toEqual([]);
});

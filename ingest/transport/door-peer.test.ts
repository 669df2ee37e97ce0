import { expect, test } from "vitest";
import { bindingRequest, fingerprintOf } from "../test-support/media-peer.ts";
import type { DoorToWorker } from "./door-messages.ts";
import { DoorPeer } from "./door-peer.ts";
import { createDtlsIdentity } from "./dtls-session.ts";
import { type Path, pathId } from "./path.ts";
import { parseBindingRequest } from "./stun.ts";

test("a check sent again from a thousand addresses leaves few paths, and the one in use among them", async () => {
	const identity = await createDtlsIdentity();
	const ice = { ufrag: "fragment", password: "password-of-the-peer's-end" };
	const told: DoorToWorker[] = [];
	const closed: number[] = [];
	const answered: number[] = [];
	const peer = new DoorPeer(
		{ connection: "c", worker: 1, ice, dtlsRole: "server", fingerprint: fingerprintOf(identity) },
		{
			identity,
			now: () => 0,
			tell: (_worker, message) => told.push(message),
			admitHandshake: () => true,
			handshakeEnded() {},
		},
	);
	const pathOf = (port: number): Path => ({
		path: pathId("tcp", "192.0.2.1", 1, "192.0.2.2", port),
		localAddress: "192.0.2.1",
		localPort: 1,
		address: "192.0.2.2",
		port,
		connectable: false,
		send: () => answered.push(port),
		close: () => closed.push(port),
	});
	const check = (datagram: Buffer, port: number) => {
		const request = parseBindingRequest(datagram);
		if (!request) throw new Error("no request");
		return peer.onCheck(datagram, request, pathOf(port));
	};
	expect(check(bindingRequest(ice), 1)).toBe(true);
	const recorded = bindingRequest(ice, { nominate: false });
	for (let port = 2; port <= 1_000; port++) check(recorded, port);
	const kept = [...peer.paths].map(({ port }) => port);
	expect(kept).toHaveLength(16);
	expect(kept[0]).toBe(1);
	expect(closed.toSorted((one, other) => one - other)).toEqual(
		Array.from({ length: 1_000 }, (_, at) => at + 1).filter((port) => !kept.includes(port)),
	);
	expect(answered).toHaveLength(1_000);
	expect(told.filter(({ type }) => type === "path")).toMatchObject([{ port: 1 }]);
	expect(check(bindingRequest({ ...ice, password: "guess" }), 2_000)).toBe(false);
	expect([...peer.paths]).toHaveLength(16);
	peer.close();
});

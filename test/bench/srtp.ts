/** CPU time of one thread for each packet of 1150 bytes that SRTP seals or opens, garbage collection included. */
import { randomBytes } from "node:crypto";
import { createSrtpReceiver, createSrtpSender } from "../../ingest/transport/srtp.ts";
import type { SrtpProfile } from "../../ingest/transport/srtp-context.ts";
import { printRow } from "./support/row.ts";

const PACKET_BYTES = 1150;
const ROUNDS = 15;
const PACKETS = 20_000;

for (const profile of ["AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM"] as const) {
	const { protectNs, unprotectNs } = measure(profile);
	printRow("srtp", { profile, bytes: PACKET_BYTES, protectNs, unprotectNs });
}

function measure(profile: SrtpProfile) {
	const master = { key: randomBytes(16), salt: randomBytes(profile === "AEAD_AES_128_GCM" ? 12 : 14) };
	const sender = createSrtpSender(profile, master);
	const receiver = createSrtpReceiver(profile, master);
	const packet = Buffer.alloc(PACKET_BYTES, "media");
	packet.writeUInt8(0x80, 0);
	const length = PACKET_BYTES + sender.overhead;
	const sealed = Array.from({ length: PACKETS }, () => Buffer.allocUnsafeSlow(length));
	const protectNs: number[] = [];
	const unprotectNs: number[] = [];
	let index = 1000;
	for (let round = 0; round < ROUNDS; round++) {
		for (let at = 0; at < PACKETS; at++) {
			packet.writeUInt16BE((index + at) & 0xffff, 2);
			sealed[at]?.set(packet);
		}
		protectNs.push(
			cpuOf((at) => {
				sender.protectRtp(sealed[at] as Buffer, PACKET_BYTES, index + at);
			}),
		);
		unprotectNs.push(
			cpuOf((at) => {
				if (!receiver.unprotectRtp(sealed[at] as Buffer)) throw new Error("a packet did not open");
			}),
		);
		index += PACKETS;
	}
	// The best round is the one with the least of what else runs on the machine.
	return { protectNs: Math.round(Math.min(...protectNs)), unprotectNs: Math.round(Math.min(...unprotectNs)) };
}

function cpuOf(work: (at: number) => void): number {
	const before = process.cpuUsage();
	for (let at = 0; at < PACKETS; at++) work(at);
	const { user, system } = process.cpuUsage(before);
	return ((user + system) * 1000) / PACKETS;
}

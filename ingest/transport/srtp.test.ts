import fc from "fast-check";
import { expect, test } from "vitest";
import { createSrtpReceiver, createSrtpSender } from "./srtp.ts";
import type { SrtpProfile, SrtpSender } from "./srtp-context.ts";

const SSRC = 0xcafebabe;
const profiles = ["AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM"] as const;

function master(profile: SrtpProfile) {
	const salt = Buffer.from("0EC675AD498AFEEBB6960B3AABE6", "hex");
	return {
		key: Buffer.from("E1F97A0D3E018BE0D64FA32C06DE4139", "hex"),
		salt: profile === "AEAD_AES_128_GCM" ? salt.subarray(0, 12) : salt,
	};
}

function pair(profile: SrtpProfile) {
	const keys = master(profile);
	return { sender: createSrtpSender(profile, keys), receiver: createSrtpReceiver(profile, keys) };
}

/** `index`: the extended sequence number. */
function rtp(index: number, payload: string | Uint8Array = `payload ${index}`, ssrc = SSRC): Buffer {
	const header = Buffer.alloc(12);
	header.writeUInt16BE(0x8060, 0);
	header.writeUInt16BE(index & 0xffff, 2);
	header.writeUInt32BE(ssrc, 8);
	return Buffer.concat([header, Buffer.from(payload)]);
}

function seal(sender: SrtpSender, packet: Buffer, index: number): Buffer {
	const buffer = Buffer.alloc(packet.length + sender.overhead);
	buffer.set(packet);
	expect(sender.protectRtp(buffer, packet.length, index)).toBe(buffer.length);
	return buffer;
}

test("AES-CM with HMAC-SHA1 seals as libsrtp does", () => {
	const { sender } = pair("AES_CM_128_HMAC_SHA1_80");
	const packet = Buffer.from(`800f1234decafbadcafebabe${"ab".repeat(16)}`, "hex");
	expect(seal(sender, packet, 0x1234).toString("hex")).toBe(
		"800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb",
	);
	const report = Buffer.from(`81c8000bcafebabe${"ab".repeat(16)}`, "hex");
	expect(sender.protectRtcp(report).toString("hex")).toBe(
		"81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798",
	);
});

test.each(profiles)("%s: what was sealed opens once, and nothing else does", (profile) => {
	const { sender, receiver } = pair(profile);
	const sealed = seal(sender, rtp(100), 100);
	expect(sealed.includes("payload")).toBe(false);
	for (let at = 0; at < sealed.length; at++) {
		const bent = Buffer.from(sealed);
		bent.writeUInt8(bent.readUInt8(at) ^ 1, at);
		expect(receiver.unprotectRtp(bent)).toBeUndefined();
	}
	for (let length = 0; length < sealed.length; length++)
		expect(receiver.unprotectRtp(Buffer.from(sealed.subarray(0, length)))).toBeUndefined();
	expect(receiver.unprotectRtp(Buffer.from(sealed))).toEqual(rtp(100));
	expect(receiver.unprotectRtp(Buffer.from(sealed))).toBeUndefined();
});

test.each(profiles)("%s: every size, header and alignment survives, in place", (profile) => {
	const payload = fc.uint8Array({ maxLength: 3000 });
	const header = fc.record({ csrcs: fc.nat(15), extensionWords: fc.option(fc.nat(20)) });
	fc.assert(
		fc.property(
			fc.array(fc.tuple(payload, header, fc.nat(3)), { minLength: 1, maxLength: 40 }),
			fc.nat(200_000),
			(packets, first) => {
				const { sender, receiver } = pair(profile);
				packets.forEach(([payload, { csrcs, extensionWords }, shift], step) => {
					const index = first + step;
					const more = Buffer.alloc(4 * csrcs + (extensionWords === null ? 0 : 4 + 4 * extensionWords), 0xee);
					if (extensionWords !== null) more.writeUInt16BE(extensionWords, 4 * csrcs + 2);
					const clear = rtp(index, Buffer.concat([more, payload]));
					clear.writeUInt8(0x80 | csrcs | (extensionWords === null ? 0 : 0x10), 0);
					// Where a packet lies in memory is the caller's affair.
					const memory = Buffer.alloc(shift + clear.length + sender.overhead + 5, 0x55);
					memory.set(clear, shift);
					const length = sender.protectRtp(memory.subarray(shift), clear.length, index);
					expect(memory.subarray(shift + length)).toEqual(Buffer.alloc(5, 0x55));
					const opened = receiver.unprotectRtp(memory.subarray(shift, shift + length));
					// A receiver that starts after the first wrap cannot know of it (RFC 3711 section 3.3.1).
					if (first < 65_536) expect(opened).toEqual(clear);
					else expect(opened).toBeUndefined();
					if (opened) expect(opened.buffer).toBe(memory.buffer);
				});
			},
		),
		{ numRuns: 40 },
	);
});

test.each(profiles)("%s: an outage across the wrap and late packets from before it are no trouble", (profile) => {
	const { sender, receiver } = pair(profile);
	const sealed = Array.from({ length: 400 }, (_, step) => seal(sender, rtp(65_400 + step), 65_400 + step));
	const open = (step: number) => receiver.unprotectRtp(Buffer.from(sealed[step] as Buffer));
	expect(open(0)).toEqual(rtp(65_400));
	expect(open(301)).toEqual(rtp(65_701));
	expect(open(399)).toEqual(rtp(65_799));
	expect(open(50)).toEqual(rtp(65_450));
	expect(open(200)).toEqual(rtp(65_600));
	expect(open(50)).toBeUndefined();
	for (let step = 100; step < 140; step++) expect(open(step)).toEqual(rtp(65_400 + step));
});

test.each(profiles)("%s: any order within the window opens, each packet once", (profile) => {
	const indices = Array.from({ length: 200 }, (_, step) => 65_450 + step);
	const order = fc.array(fc.tuple(fc.nat(30), fc.boolean()), { minLength: 200, maxLength: 200 });
	fc.assert(
		fc.property(order, (jitter) => {
			const { sender, receiver } = pair(profile);
			const sealed = new Map(indices.map((index) => [index, seal(sender, rtp(index), index)]));
			// The first comes first: before it nothing is known of the rollover counter.
			const rank = (step: number) => (step === 0 ? -1 : step + (jitter[step]?.[0] ?? 0));
			const shuffled = indices.map((_, step) => step).sort((a, b) => rank(a) - rank(b));
			for (const step of shuffled) {
				const index = indices[step] as number;
				const packet = sealed.get(index) as Buffer;
				expect(receiver.unprotectRtp(Buffer.from(packet))).toEqual(rtp(index));
				if (jitter[step]?.[1]) expect(receiver.unprotectRtp(Buffer.from(packet))).toBeUndefined();
			}
		}),
		{ numRuns: 10 },
	);
});

test.each(profiles)("%s: what is older than the window does not open", (profile) => {
	const { sender, receiver } = pair(profile);
	const [old, kept, newest] = [1000, 1001, 2024].map((index) => seal(sender, rtp(index), index));
	expect(receiver.unprotectRtp(newest as Buffer)).toBeDefined();
	expect(receiver.unprotectRtp(old as Buffer)).toBeUndefined();
	expect(receiver.unprotectRtp(kept as Buffer)).toBeDefined();
});

test.each(profiles)("%s: a packet sent again is sealed as it was the first time", (profile) => {
	const { sender } = pair(profile);
	const first = seal(sender, rtp(65_535), 65_535);
	for (let index = 65_536; index < 65_600; index++) seal(sender, rtp(index), index);
	expect(seal(sender, rtp(65_535), 65_535)).toEqual(first);
});

test.each(profiles)("%s: RTCP opens once, and nothing else does", (profile) => {
	const { sender, receiver } = pair(profile);
	const packet = Buffer.from("81c90007000000010123456789abcdef0123456789abcdef0123456789abcdef", "hex");
	const sealed = sender.protectRtcp(packet);
	expect(sealed.includes(packet.subarray(8))).toBe(false);
	for (let at = 0; at < sealed.length; at++) {
		const bent = Buffer.from(sealed);
		bent.writeUInt8(bent.readUInt8(at) ^ 1, at);
		expect(receiver.unprotectRtcp(bent)).toBeUndefined();
	}
	for (let length = 0; length < sealed.length; length++)
		expect(receiver.unprotectRtcp(Buffer.from(sealed.subarray(0, length)))).toBeUndefined();
	expect(receiver.unprotectRtcp(Buffer.from(sealed))).toEqual(packet);
	expect(receiver.unprotectRtcp(Buffer.from(sealed))).toBeUndefined();
	expect(receiver.unprotectRtcp(sender.protectRtcp(packet))).toEqual(packet);
});

test.each(profiles)("%s: noise opens as nothing, and changes nothing", (profile) => {
	const { sender, receiver } = pair(profile);
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0x80, max: 0xbf }), (noise, first) => {
			const datagram = Buffer.from([first, ...noise]);
			expect(receiver.unprotectRtp(datagram)).toBeUndefined();
			expect(receiver.unprotectRtcp(datagram)).toBeUndefined();
			expect(datagram.subarray(1)).toEqual(Buffer.from(noise));
		}),
	);
	expect(receiver.unprotectRtp(seal(sender, rtp(1), 1))).toEqual(rtp(1));
});

test.each(profiles)("%s: made-up streams do not fill the memory", (profile) => {
	const { sender, receiver } = pair(profile);
	const opened = Array.from({ length: 200 }, (_, ssrc) =>
		receiver.unprotectRtp(seal(sender, rtp(1, "x", ssrc + 1), 1)),
	);
	expect(opened.filter(Boolean)).toHaveLength(64);
	expect(receiver.unprotectRtp(seal(sender, rtp(2, "x", 1), 2))).toBeDefined();
	const reports = Array.from({ length: 200 }, (_, ssrc) => {
		const report = Buffer.from("80c9000100000000", "hex");
		report.writeUInt32BE(ssrc, 4);
		return receiver.unprotectRtcp(sender.protectRtcp(report));
	});
	expect(reports.filter(Boolean)).toHaveLength(64);
});

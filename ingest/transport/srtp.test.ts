import { expect, test } from "vitest";
import { deriveKeys, SrtpContext } from "./srtp.ts";

/** RFC 3711 appendix B.3. */
const master = {
	key: Buffer.from("E1F97A0D3E018BE0D64FA32C06DE4139", "hex"),
	salt: Buffer.from("0EC675AD498AFEEBB6960B3AABE6", "hex"),
};

function rtp(sequence: number, payload = `payload ${sequence}`, ssrc = 0xcafebabe): Buffer {
	const header = Buffer.from("8060000000000000000000000000", "hex").subarray(0, 12);
	header.writeUInt16BE(sequence & 0xffff, 2);
	header.writeUInt32BE(ssrc, 8);
	return Buffer.concat([header, Buffer.from(payload)]);
}

test("session keys are those of the RFC", () => {
	const { encryption, authentication, salt } = deriveKeys(master, 0);
	expect(encryption.export().toString("hex").toUpperCase()).toBe("C61E7A93744F39EE10734AFE3FF7A087");
	expect(salt.toString("hex").toUpperCase()).toBe("30CBBC08863D8C85D49DB34A9AE1");
	expect(authentication.export().toString("hex").toUpperCase()).toBe("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4");
});

test("what was sealed opens once, and nothing else does", () => {
	const out = new SrtpContext(master);
	const into = new SrtpContext(master);
	const sealed = out.protectRtp(rtp(100));
	expect(sealed.includes("payload")).toBe(false);
	for (let at = 0; at < sealed.length; at++) {
		const bent = Buffer.from(sealed);
		bent.writeUInt8(bent.readUInt8(at) ^ 1, at);
		expect(into.unprotectRtp(bent)).toBeUndefined();
	}
	for (let length = 0; length < sealed.length; length++)
		expect(into.unprotectRtp(sealed.subarray(0, length))).toBeUndefined();
	expect(into.unprotectRtp(sealed)).toEqual(rtp(100));
	expect(into.unprotectRtp(sealed)).toBeUndefined();
});

test("the rollover counter survives an outage across the wrap and a late packet from before it", () => {
	const out = new SrtpContext(master);
	const into = new SrtpContext(master);
	const late = Array.from({ length: 65_800 - 65_400 }, (_, index) => out.protectRtp(rtp(65_400 + index)));
	expect(into.unprotectRtp(late[0] as Buffer)).toEqual(rtp(65_400));
	expect(into.unprotectRtp(late[399] as Buffer)).toEqual(rtp(65_799));
	expect(into.unprotectRtp(late[50] as Buffer)).toEqual(rtp(65_450));
	expect(into.unprotectRtp(late[200] as Buffer)).toEqual(rtp(65_600));
	expect(into.unprotectRtp(late[50] as Buffer)).toBeUndefined();
});

test("a packet sent again is sealed as it was the first time", () => {
	const out = new SrtpContext(master);
	const first = out.protectRtp(rtp(65_535));
	out.protectRtp(rtp(65_536));
	expect(out.protectRtp(rtp(65_535))).toEqual(first);
});

test("RTCP opens once, and nothing else does", () => {
	const out = new SrtpContext(master);
	const into = new SrtpContext(master);
	const packet = Buffer.from("81c90007000000010123456789abcdef0123456789abcdef0123456789abcdef", "hex");
	const sealed = out.protectRtcp(packet);
	expect(sealed.includes(packet.subarray(8))).toBe(false);
	const bent = Buffer.from(sealed);
	bent.writeUInt8(bent.readUInt8(9) ^ 1, 9);
	expect(into.unprotectRtcp(bent)).toBeUndefined();
	expect(into.unprotectRtcp(sealed)).toEqual(packet);
	expect(into.unprotectRtcp(sealed)).toBeUndefined();
	expect(into.unprotectRtcp(out.protectRtcp(packet))).toEqual(packet);
	expect(into.unprotectRtcp(Buffer.alloc(10))).toBeUndefined();
});

test("made-up streams do not fill the memory", () => {
	const out = new SrtpContext(master);
	const into = new SrtpContext(master);
	const opened = Array.from({ length: 200 }, (_, ssrc) =>
		into.unprotectRtp(new SrtpContext(master).protectRtp(rtp(1, "x", ssrc + 1))),
	);
	expect(opened.filter(Boolean)).toHaveLength(64);
	expect(into.unprotectRtp(out.protectRtp(rtp(2, "x", 1)))).toBeDefined();
});

import { expect, test } from "vitest";
import { AesGcmCipher } from "./srtp-aes-gcm.ts";

/** RFC 7714 sections 16 and 17 give session keys. */
const keys = {
	encryption: Buffer.from("000102030405060708090a0b0c0d0e0f", "hex"),
	authentication: Buffer.alloc(20),
	salt: Buffer.from("517569642070726f2071756f", "hex"),
};
const cipher = new AesGcmCipher(keys, keys);

test("RTP is sealed as in RFC 7714 section 16.1.1 and opens again", () => {
	const header = "8040f17b8041f8d35501a0b2";
	const clear = Buffer.concat([Buffer.from(header, "hex"), Buffer.from("Gallia est omnis divisa in partes tres")]);
	const packet = Buffer.concat([clear, Buffer.alloc(cipher.rtpOverhead)]);
	cipher.sealRtp(packet, 12, clear.length, 0xf17b);
	expect(packet.toString("hex")).toBe(
		`${header}f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce`,
	);
	expect(cipher.openRtp(packet, 12, 0xf17b)).toBe(true);
	expect(packet.subarray(0, clear.length)).toEqual(clear);
});

test("RTCP is sealed as in RFC 7714 section 17.1 and opens again", () => {
	const clear = Buffer.from(
		"81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
		"hex",
	);
	const sealed = cipher.sealRtcp(clear, 0x5d4);
	expect(sealed.toString("hex")).toBe(
		"81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4",
	);
	expect(cipher.openRtcp(sealed)).toBe(true);
	expect(sealed.subarray(0, clear.length)).toEqual(clear);
});

import { expect, test } from "vitest";
import { deriveKeys } from "./srtp-keys.ts";

test("session keys are those of RFC 3711 appendix B.3", () => {
	const { encryption, authentication, salt } = deriveKeys(
		{
			key: Buffer.from("E1F97A0D3E018BE0D64FA32C06DE4139", "hex"),
			salt: Buffer.from("0EC675AD498AFEEBB6960B3AABE6", "hex"),
		},
		0,
	);
	expect(encryption.toString("hex").toUpperCase()).toBe("C61E7A93744F39EE10734AFE3FF7A087");
	expect(salt.toString("hex").toUpperCase()).toBe("30CBBC08863D8C85D49DB34A9AE1");
	expect(authentication.toString("hex").toUpperCase()).toBe("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4");
});

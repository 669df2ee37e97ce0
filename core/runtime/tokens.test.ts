import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { bearerToken, createTokens, type Grant } from "./tokens.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const secret = new Uint8Array(32).fill(1);
const clock = { now: () => NOW };
const tokens = createTokens(secret, clock);
const grant: Grant = {
	personId: "p-aaaaaaaaaaaa",
	webinarId: "bbbbbbbbbbbb",
	name: "Zoë 张伟",
	title: "Head of Größe",
	role: "presenter",
	expiresAt: NOW + 60_000,
};
const code = (expected: string) => expect.objectContaining({ code: expected });

test("a signed grant is read back", async () => {
	expect(await tokens.verify(await tokens.sign(grant))).toEqual(grant);
});

test("it lasts until it expires, and no longer", async () => {
	const token = await tokens.sign(grant);
	const at = (now: number) => createTokens(secret, { now: () => now }).verify(token);
	expect(await at(grant.expiresAt - 1000)).toEqual(grant);
	await expect(at(grant.expiresAt)).rejects.toEqual(code("token-expired"));
});

test.each([undefined, ""])("%j is a missing one", async (token) => {
	await expect(tokens.verify(token)).rejects.toEqual(code("token-missing"));
});

describe("what is not ours is invalid", () => {
	const payload = { wid: grant.webinarId, name: grant.name, role: grant.role };
	const build = (claims: Record<string, unknown>, alg = "HS256", issuer = "rostrum") =>
		new SignJWT(claims)
			.setProtectedHeader({ alg })
			.setIssuer(issuer)
			.setSubject(grant.personId)
			.setExpirationTime(grant.expiresAt / 1000);

	test.each<[string, () => string | Promise<string>]>([
		["nonsense", () => "nonsense"],
		["another secret", () => createTokens(new Uint8Array(32).fill(2), clock).sign(grant)],
		["another issuer", () => build(payload, "HS256", "someone").sign(secret)],
		["another algorithm", () => build(payload, "HS512").sign(new Uint8Array(64).fill(1))],
		["an unknown role", () => build({ ...payload, role: "admin" }).sign(secret)],
		["no webinar", () => build({ ...payload, wid: undefined }).sign(secret)],
		["a path for a webinar", () => build({ ...payload, wid: "../../../etc" }).sign(secret)],
		[
			"no expiry",
			() =>
				new SignJWT(payload)
					.setProtectedHeader({ alg: "HS256" })
					.setIssuer("rostrum")
					.setSubject(grant.personId)
					.sign(secret),
		],
		[
			"a changed payload",
			async () => {
				const [head, , signature] = (await tokens.sign(grant)).split(".");
				const [, body] = (await tokens.sign({ ...grant, role: "host" })).split(".");
				return `${head}.${body}.${signature}`;
			},
		],
		[
			"no signature",
			async () => {
				const [, body] = (await tokens.sign(grant)).split(".");
				return `${Buffer.from('{"alg":"none"}').toString("base64url")}.${body}.`;
			},
		],
	])("%s", async (_what, make) => {
		await expect(tokens.verify(await make())).rejects.toEqual(code("token-invalid"));
	});
});

test("the token of a Bearer header", () => {
	expect(bearerToken("Bearer abc.def")).toBe("abc.def");
	expect(bearerToken("bearer  abc ")).toBe("abc");
	for (const header of [undefined, "", "abc", "Bearer", "Bearer ", "Basic abc", "Bearer a b"]) {
		expect(bearerToken(header)).toBeUndefined();
	}
});

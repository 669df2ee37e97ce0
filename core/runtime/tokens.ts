import { errors, jwtVerify, SignJWT } from "jose";
import * as z from "zod";
import { personIdSchema, webinarIdSchema } from "../protocol/ids.ts";
import { type Person, personNameSchema, personTitleSchema, roleSchema } from "../protocol/webinar.ts";
import type { Clock } from "./clock.ts";
import { AppError } from "./errors.ts";

const claimsSchema = z.object({
	sub: personIdSchema,
	wid: webinarIdSchema,
	name: personNameSchema,
	title: personTitleSchema.default(""),
	role: roleSchema,
	exp: z.number(),
});

/** What a verified token says. */
export interface Grant extends Person {
	webinarId: string;
	/** Milliseconds since the epoch. */
	expiresAt: number;
}

export interface Tokens {
	sign(grant: Grant): Promise<string>;
	/** @throws AppError token-missing, token-invalid, token-expired */
	verify(token: string | undefined): Promise<Grant>;
}

/** Signed tokens: JWT with HS256 (RFC 7519). `secret`: at least 32 bytes. */
export function createTokens(secret: Uint8Array, clock: Clock): Tokens {
	const issuer = "rostrum";
	return {
		sign: ({ personId, webinarId, name, title, role, expiresAt }) =>
			new SignJWT({ wid: webinarId, name, title, role })
				.setProtectedHeader({ alg: "HS256" })
				.setIssuer(issuer)
				.setSubject(personId)
				.setExpirationTime(Math.floor(expiresAt / 1000))
				.sign(secret),
		async verify(token) {
			if (!token) throw new AppError("token-missing");
			try {
				const { payload } = await jwtVerify(token, secret, {
					issuer,
					algorithms: ["HS256"],
					currentDate: new Date(clock.now()),
				});
				const { sub, wid, name, title, role, exp } = claimsSchema.parse(payload);
				return { personId: sub, webinarId: wid, name, title, role, expiresAt: exp * 1000 };
			} catch (error) {
				if (error instanceof errors.JWTExpired) throw new AppError("token-expired");
				throw new AppError("token-invalid", undefined, { cause: error });
			}
		},
	};
}

/** The token of an `Authorization: Bearer …` header (RFC 6750), or undefined. */
export function bearerToken(authorization: string | undefined): string | undefined {
	return /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
}

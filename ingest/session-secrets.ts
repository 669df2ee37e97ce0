import { randomBytes } from "node:crypto";
import type { IceCredentials } from "./sdp/session-description.ts";

/** Session URLs are capabilities (RFC 9725 section 4.2): 192 bits nobody can guess. */
export function drawSession(): string {
	return randomBytes(24).toString("base64url");
}

/** 48 and 192 random bits (RFC 8445 section 5.3 asks for 24 and 128); base64 is just what ICE allows. */
export function drawIce(): IceCredentials {
	return { ufrag: randomBytes(6).toString("base64"), password: randomBytes(24).toString("base64") };
}

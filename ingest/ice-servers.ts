import { createHmac } from "node:crypto";
import type { Clock } from "../core/runtime/clock.ts";

export interface TurnOptions {
	/** `turn:` and `turns:` (RFC 7065). */
	urls: string[];
	/** The server's static-auth-secret. */
	secret: string;
}

/** Longer than a webinar: the TURN server asks for the credentials again as long as a relay is in use. */
const LIFETIME_S = 12 * 60 * 60;

/**
 * Values of `Link` header fields, one for each server (RFC 9725 section 4.6), with credentials of limited time: the
 * `username` says when they end and for whom they are, the HMAC-SHA1 of it is the `credential`
 * (draft-uberti-behave-turn-rest, as coturn does it). They have no comma, at which OBS would split them.
 */
export function iceServerLinks(turn: TurnOptions | undefined, personId: string, clock: Clock): string[] {
	if (!turn) return [];
	const username = `${Math.floor(clock.now() / 1000) + LIFETIME_S}:${personId}`;
	const credential = createHmac("sha1", turn.secret).update(username).digest("base64");
	return turn.urls.map(
		(url) =>
			`<${url}>; rel="ice-server"; username="${username}"; credential="${credential}"; credential-type="password"`,
	);
}

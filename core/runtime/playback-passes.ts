import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "./clock.ts";

/** A pass lives until the end of the window after the one it was given out in: for 6 to 12 hours. */
const WINDOW_S = 6 * 3600;
/** Webinars whose passes are remembered; more are computed anew. */
const KNOWN_LIMIT = 1000;

export interface PlaybackPasses {
	/** The same for everyone who asks within one window, so that a cache keeps one copy for all. `expiresAt`: ms since the epoch. */
	issue(webinarId: string): { pass: string; expiresAt: number };
	/** Whether `pass` opens that webinar now. */
	admits(webinarId: string, pass: string): boolean;
}

/**
 * What opens the playback of a private webinar, as a segment of its address: `<expiry>.<signature>`, the expiry in seconds
 * since the epoch, the signature HMAC-SHA256 over webinar and expiry in base64url. `secret`: at least 32 bytes.
 */
export function createPlaybackPasses(secret: Uint8Array, clock: Clock): PlaybackPasses {
	const known = new Map<string, Buffer>();

	function passUntil(webinarId: string, expiryS: number): Buffer {
		const subject = `playback ${webinarId} ${expiryS}`;
		const found = known.get(subject);
		if (found) return found;
		const signature = createHmac("sha256", secret).update(subject).digest("base64url");
		const pass = Buffer.from(`${expiryS}.${signature}`);
		if (known.size >= KNOWN_LIMIT) known.clear();
		known.set(subject, pass);
		return pass;
	}

	const windowNow = () => Math.floor(clock.now() / 1000 / WINDOW_S);

	return {
		issue(webinarId) {
			const expiryS = (windowNow() + 2) * WINDOW_S;
			return { pass: passUntil(webinarId, expiryS).toString(), expiresAt: expiryS * 1000 };
		},
		admits(webinarId, pass) {
			const given = Buffer.from(pass);
			const window = windowNow();
			// Those of this window and of the one before are all that can be valid: nothing has to be read out of what is given.
			return [window + 1, window + 2].some((end) => {
				const valid = passUntil(webinarId, end * WINDOW_S);
				return given.length === valid.length && timingSafeEqual(given, valid);
			});
		},
	};
}

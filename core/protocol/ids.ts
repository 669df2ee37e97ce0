import * as z from "zod";

/** Webinar id: 12 characters of a-z and 0-9, drawn from a CSPRNG (62 bits). Safe as a path segment and a file name. */
export const webinarIdSchema = z.string().regex(/^[a-z0-9]{12}$/, "must be 12 characters of a-z and 0-9");

/** Person id: as a webinar id, with the prefix `p-`. One per invitation or audience visit; the subject of a token. */
export const personIdSchema = z.string().regex(/^p-[a-z0-9]{12}$/, "must be p- and 12 characters of a-z and 0-9");

/** Draws 12 characters of a-z and 0-9 from `random`, which fills the given bytes from a CSPRNG. */
export function drawId(random: (bytes: Uint8Array) => Uint8Array): string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
	const limit = 256 - (256 % alphabet.length); // bytes from here on would favour the first letters
	let id = "";
	while (id.length < 12) {
		for (const byte of random(new Uint8Array(16))) {
			if (byte < limit && id.length < 12) id += alphabet[byte % alphabet.length];
		}
	}
	return id;
}

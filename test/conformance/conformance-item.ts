import type { ConformanceContext } from "./conformance-context.ts";

/** One requirement of the standard, checked against a running server from outside. */
export interface ConformanceItem {
	/** Number in the checklist of docs/conformance.md, W for WHIP and E for WHEP; a letter follows where one has several. */
	id: string;
	/** What a conforming server does. */
	title: string;
	/** Where the standard says so. */
	section: string;
	/** @throws Inapplicable where this server or this run cannot show it, any other error where the server does not conform */
	run(context: ConformanceContext): Promise<void>;
}

/** The item cannot be judged here; the message says why. Neither passed nor failed. */
export class Inapplicable extends Error {
	override readonly name = "Inapplicable";
}

export const whip = (section: string) => `RFC 9725 section ${section}`;
export const whep = (section: string) => `draft-ietf-wish-whep section ${section}`;

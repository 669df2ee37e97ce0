import { createHash, timingSafeEqual } from "node:crypto";
import type { Person, Webinar } from "../core/protocol/webinar.ts";
import { AppError } from "../core/runtime/errors.ts";
import { bearerToken, type Tokens } from "../core/runtime/tokens.ts";
import type { People } from "./people.ts";
import type { Stages } from "./stage/stages.ts";
import type { Webinars } from "./webinars.ts";

/**
 * Who may do what. `authorization` is the header of that name. Everything here throws AppError token-missing, token-invalid,
 * token-expired, forbidden, and for a person's token of a webinar that was deleted webinar-unknown.
 */
export interface Access {
	/** The server's owner. */
	requireAdmin(authorization: string | undefined): Promise<void>;
	/** The server's owner, or a host of this webinar. */
	requireHost(authorization: string | undefined, webinarId: string): Promise<void>;
	/** The server's owner, or who may publish in this webinar. */
	requireStage(authorization: string | undefined, webinarId: string): Promise<void>;
	/** The server's owner, or anyone who was invited or has a seat. */
	requireAudience(authorization: string | undefined, webinarId: string): Promise<void>;
	/** Whose token it is, as they were invited: a promoted attendee is an attendee. */
	identify(token: string | undefined, webinarId: string): Promise<{ person: Person; webinar: Webinar }>;
	/**
	 * Who may publish and subscribe by WebRTC: hosts, presenters, and attendees with their promotion's token while it lasts.
	 * @throws AppError also webinar-ended
	 */
	admit(token: string | undefined, webinarId: string): Promise<Person>;
}

export function createAccess(
	{ adminToken }: { adminToken: string },
	{ tokens, webinars, people, stages }: { tokens: Tokens; webinars: Webinars; people: People; stages: Stages },
): Access {
	const adminDigest = digest(adminToken);

	function isAdmin(token: string | undefined): boolean {
		// Digests have one length, which timingSafeEqual asks for.
		return token !== undefined && timingSafeEqual(digest(token), adminDigest);
	}

	/** `invited`: as in the database; `acting`: with the role the token gives. */
	async function resolve(token: string | undefined, webinarId: string) {
		const grant = await tokens.verify(token);
		if (grant.webinarId !== webinarId) throw new AppError("forbidden");
		const webinar = await webinars.get(webinarId);
		const invited = await people.find(webinarId, grant.personId);
		if (!invited) throw new AppError("token-invalid");
		return { invited, acting: { ...invited, role: grant.role }, webinar };
	}

	function requireStageRole({ invited, acting, webinar }: { invited: Person; acting: Person; webinar: Webinar }): void {
		if (acting.role === "attendee") throw new AppError("forbidden");
		// A promotion's token lives longer than the promotion.
		const isGuest = invited.role === "attendee";
		if (isGuest && !stages.open(webinar).isPromoted(invited.personId)) throw new AppError("forbidden");
	}

	return {
		async requireAdmin(authorization) {
			const token = bearerToken(authorization);
			if (isAdmin(token)) return;
			await tokens.verify(token);
			throw new AppError("forbidden");
		},
		async requireHost(authorization, webinarId) {
			const token = bearerToken(authorization);
			if (isAdmin(token)) return;
			const { invited } = await resolve(token, webinarId);
			if (invited.role !== "host") throw new AppError("forbidden");
		},
		async requireStage(authorization, webinarId) {
			const token = bearerToken(authorization);
			if (isAdmin(token)) return;
			requireStageRole(await resolve(token, webinarId));
		},
		async requireAudience(authorization, webinarId) {
			const token = bearerToken(authorization);
			if (!isAdmin(token)) await resolve(token, webinarId);
		},
		async identify(token, webinarId) {
			const { invited, webinar } = await resolve(token, webinarId);
			return { person: invited, webinar };
		},
		async admit(token, webinarId) {
			const resolved = await resolve(token, webinarId);
			if (resolved.webinar.state === "ended") throw new AppError("webinar-ended");
			requireStageRole(resolved);
			return resolved.acting;
		},
	};
}

function digest(token: string): Buffer {
	return createHash("sha256").update(token).digest();
}

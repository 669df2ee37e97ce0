import type { CreateInvitation, Invitation, Person, Role } from "../core/protocol/webinar.ts";
import type { Clock } from "../core/runtime/clock.ts";
import type { Tokens } from "../core/runtime/tokens.ts";
import type { People } from "./people.ts";

const HOUR_MS = 3_600_000;
/** People are invited weeks ahead. */
const INVITATION_LIFE_MS = 30 * 24 * HOUR_MS;
/** A seat is taken when the page is opened; it lasts for the longest event. */
const SEAT_LIFE_MS = 24 * HOUR_MS;
/** Longer than any visit on stage. It counts only while the visit lasts. */
const PROMOTION_LIFE_MS = 12 * HOUR_MS;

const pages = { host: "host", presenter: "stage", attendee: "watch" } as const satisfies Record<Role, string>;

export interface Invitations {
	/** Adds someone to the webinar, which must exist. */
	invite(webinarId: string, person: CreateInvitation): Promise<Invitation>;
	/** Adds someone to the audience. */
	seat(webinarId: string, name: string): Promise<Invitation>;
	/** A presenter token for someone of the audience, under the id they have. */
	promote(webinarId: string, person: Person): Promise<string>;
}

export function createInvitations(
	{ publicUrl }: { publicUrl: () => string },
	{ people, tokens, clock }: { people: People; tokens: Tokens; clock: Clock },
): Invitations {
	async function add(webinarId: string, invited: CreateInvitation, lifeMs: number): Promise<Invitation> {
		const person = await people.add(webinarId, invited);
		const expiresAt = clock.now() + lifeMs;
		const token = await tokens.sign({ ...person, webinarId, expiresAt });
		return {
			token,
			// In the fragment, which browsers send to no server.
			url: `${publicUrl()}/${pages[person.role]}/${webinarId}#token=${token}`,
			expiresAt: new Date(expiresAt).toISOString(),
			person,
		};
	}
	return {
		invite: (webinarId, person) => add(webinarId, person, INVITATION_LIFE_MS),
		seat: (webinarId, name) => add(webinarId, { name, role: "attendee" }, SEAT_LIFE_MS),
		promote: (webinarId, person) =>
			tokens.sign({ ...person, webinarId, role: "presenter", expiresAt: clock.now() + PROMOTION_LIFE_MS }),
	};
}

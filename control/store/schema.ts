import type { Role, WebinarState } from "../../core/protocol/webinar.ts";

/** Instants are ISO 8601 text in UTC with milliseconds, so that text order is time order in every database. */
type Instant = string;

export interface WebinarRow {
	id: string;
	title: string;
	state: WebinarState;
	starts_at: Instant | null;
	created_at: Instant;
	started_at: Instant | null;
	ended_at: Instant | null;
}

/** Someone who was given a token. `role` is what they were invited as; a promoted attendee stays one here. */
export interface PersonRow {
	webinar_id: string;
	person_id: string;
	name: string;
	role: Role;
	created_at: Instant;
}

export interface StoreSchema {
	webinars: WebinarRow;
	people: PersonRow;
}

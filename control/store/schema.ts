import type { LayoutKind } from "../../core/protocol/scene.ts";
import type { Role, WebinarAccess, WebinarState } from "../../core/protocol/webinar.ts";

/** Instants are ISO 8601 text in UTC with milliseconds, so that text order is time order in every database. */
type Instant = string;

export interface WebinarRow {
	id: string;
	title: string;
	state: WebinarState;
	access: WebinarAccess;
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
	/** Empty for none. */
	title: string;
	role: Role;
	created_at: Instant;
}

/** How a host wants the programme: JSON, so that an older server leaves alone what it does not know. */
export interface SceneSettingsRow {
	webinar_id: string;
	settings: string;
}

/** Images are PNG, JPEG or WebP in base64. */
export interface BrandRow {
	webinar_id: string;
	background: string;
	accent: string;
	background_image: string | null;
	logo: string | null;
}

/** `url` holds a secret. */
export interface OutputRow {
	webinar_id: string;
	output_id: string;
	name: string;
	url: string;
	created_at: Instant;
}

/** What a programme showed from `at` on. `number` counts each webinar's changes from 1; `people` and `speaker` are JSON. */
export interface ProgrammeChangeRow {
	webinar_id: string;
	number: number;
	at: Instant;
	layout: LayoutKind;
	people: string;
	speaker: string | null;
}

export interface StoreSchema {
	webinars: WebinarRow;
	people: PersonRow;
	programme_changes: ProgrammeChangeRow;
	scene_settings: SceneSettingsRow;
	brands: BrandRow;
	outputs: OutputRow;
}

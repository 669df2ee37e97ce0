import * as z from "zod";
import { personIdSchema, webinarIdSchema } from "./ids.ts";

export const webinarStateSchema = z.enum(["scheduled", "live", "ended"]);
export type WebinarState = z.infer<typeof webinarStateSchema>;

/** Who may watch: anyone, or those who were invited. */
export const webinarAccessSchema = z.enum(["public", "private"]);
export type WebinarAccess = z.infer<typeof webinarAccessSchema>;

/**
 * Text on one line, which may be empty: titles and names are drawn into pictures, logged, and kept in databases which
 * refuse a NUL.
 */
export const lineSchema = z
	.string()
	.trim()
	.regex(/^\P{Cc}*$/u, "must hold no control characters");
const line = lineSchema.min(1);

const title = line.max(200);
/** ISO 8601 with a zone. */
const instant = z.iso.datetime({ offset: true });

export const webinarSchema = z.object({
	id: webinarIdSchema,
	title,
	state: webinarStateSchema,
	access: webinarAccessSchema,
	startsAt: instant.nullable(),
	createdAt: instant,
	startedAt: instant.nullable(),
	endedAt: instant.nullable(),
	/** Absolute URLs. They hold no secret: whoever opens host or stage needs a token as well. */
	links: z.object({ host: z.url(), stage: z.url(), watch: z.url(), embed: z.url() }),
});
export type Webinar = z.infer<typeof webinarSchema>;

export const createWebinarSchema = z.strictObject({
	title,
	startsAt: instant.nullish(),
	/** Public when left out. */
	access: webinarAccessSchema.optional(),
});
export type CreateWebinar = z.infer<typeof createWebinarSchema>;

export const patchWebinarSchema = createWebinarSchema.partial();
export type PatchWebinar = z.infer<typeof patchWebinarSchema>;

export const webinarListSchema = z.object({ items: z.array(webinarSchema), next: z.string().optional() });
export type WebinarList = z.infer<typeof webinarListSchema>;

export const roleSchema = z.enum(["host", "presenter", "attendee"]);
export type Role = z.infer<typeof roleSchema>;

export const personNameSchema = line.max(80);

/** What stands below the name ("Head of Research"); empty for none. */
export const personTitleSchema = lineSchema.max(80);

export const personSchema = z.object({
	personId: personIdSchema,
	name: personNameSchema,
	title: personTitleSchema,
	role: roleSchema,
});
/** Someone in one webinar, as their token says. */
export type Person = z.infer<typeof personSchema>;

export const createInvitationSchema = z.strictObject({
	role: roleSchema,
	name: personNameSchema,
	title: personTitleSchema.optional(),
});
export type CreateInvitation = z.infer<typeof createInvitationSchema>;

/** An invitation, or a seat in the audience: `token` is a Bearer token for this webinar alone; `url` carries it in its fragment. */
export const invitationSchema = z.object({
	token: z.string(),
	url: z.url(),
	expiresAt: instant,
	person: personSchema,
});
export type Invitation = z.infer<typeof invitationSchema>;

/**
 * Where a webinar's programme is played from: its multivariant playlist. That of a private one opens it for whoever has it, and
 * expires; another is to be asked for then.
 */
export const playbackAddressSchema = z.object({ url: z.url(), expiresAt: instant.nullable() });
export type PlaybackAddress = z.infer<typeof playbackAddressSchema>;

/** `POST /api/webinars/:id/audience`: anyone may take a seat in a public webinar. */
export const joinAudienceSchema = z.strictObject({ name: personNameSchema });

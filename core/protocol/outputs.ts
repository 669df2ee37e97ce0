import * as z from "zod";
import { lineSchema } from "./webinar.ts";

/** Each is one more connection that the machine keeps fed. */
export const MAX_OUTPUTS = 4;

const OUTPUT_URL = /^(?:rtmps?|srt):\/\/[^\s\p{Cc}]+$/iu;

function isOutputUrl(text: string): boolean {
	return OUTPUT_URL.test(text) && (URL.parse(text)?.hostname ?? "") !== "";
}

/** RTMP, RTMPS or SRT, with whatever secret it takes: a stream key in the path, a passphrase in the query. */
const outputUrl = z
	.string()
	.trim()
	.max(1000)
	.refine(isOutputUrl, "must be an address that begins with rtmp://, rtmps:// or srt://");

/** `POST /api/webinars/:id/outputs` host */
export const createOutputSchema = z.strictObject({ name: lineSchema.min(1).max(80), url: outputUrl });
export type CreateOutput = z.infer<typeof createOutputSchema>;

/** Somewhere the programme is sent besides, while the webinar is live. */
export const outputSchema = z.object({
	id: z.string(),
	name: z.string(),
	/** Scheme and host of its URL; the rest is secret, and said to nobody. */
	server: z.string(),
	/** `idle`: the webinar is not live, or nothing has been heard of it yet. */
	state: z.enum(["idle", "connecting", "live", "failed"]),
	/** Why it failed, in words. */
	reason: z.string().nullable(),
});
export type Output = z.infer<typeof outputSchema>;

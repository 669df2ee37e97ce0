import * as z from "zod";
import { personIdSchema, webinarIdSchema } from "./ids.ts";

/**
 * The feed carries one publisher's RTP and RTCP from ingest to a transcoder over a stream: each packet is preceded by its
 * length in 2 bytes, big-endian (RFC 4571); RTP and RTCP are told apart as in RFC 5761 section 4. The first frame each
 * way is JSON: the transcoder's request, then ingest's description. After that ingest sends RTP and sender reports
 * as the publisher sent them (decrypted, untouched), and the transcoder sends RTCP (PLI) back.
 * Ingest ends the stream when the publisher goes, or when its tracks change; the transcoder then asks again.
 */
export const feedRequestSchema = z.object({ webinarId: webinarIdSchema, personId: personIdSchema });
export type FeedRequest = z.infer<typeof feedRequestSchema>;

export const feedTrackSchema = z.object({
	kind: z.enum(["audio", "video"]),
	codec: z.enum(["opus", "VP8", "H264"]),
	payloadType: z.number().int().min(0).max(127),
	/** Hz of the RTP timestamp. */
	clockRate: z.number().int().positive(),
	ssrc: z.number().int().min(0).max(0xffffffff),
});
export type FeedTrack = z.infer<typeof feedTrackSchema>;

/** `error`: nobody of that name publishes now; the stream is ended after it, and the transcoder asks again later. */
export const feedDescriptionSchema = z.union([
	z.object({ tracks: z.array(feedTrackSchema) }),
	z.object({ error: z.enum(["bad-request", "no-publisher"]) }),
]);
export type FeedDescription = z.infer<typeof feedDescriptionSchema>;

import * as z from "zod";
import { personIdSchema, webinarIdSchema } from "./ids.ts";
import { mediaSourceSchema } from "./stage.ts";

/**
 * The feed carries one publisher's RTP and RTCP from ingest to a transcoder over a stream: each packet is preceded by its
 * length in 2 bytes, big-endian (RFC 4571); RTP and RTCP are told apart as in RFC 5761 section 4. The first frame each
 * way is JSON: the transcoder's request, then ingest's description. After that ingest sends RTP and sender reports
 * as the publisher sent them (decrypted, untouched), and the transcoder sends RTCP (PLI) back. Of RTP header extensions
 * only the orientation of video goes along, under an id of its own.
 * Ingest ends the stream when the publisher goes, or when its tracks change; the transcoder then asks again.
 */
export const feedRequestSchema = z.object({
	webinarId: webinarIdSchema,
	personId: personIdSchema,
	source: mediaSourceSchema,
});
export type FeedRequest = z.infer<typeof feedRequestSchema>;

/**
 * Id of the video orientation (urn:3gpp:video-orientation, 3GPP TS 26.114 section 7.4.5) in RTP packets of the feed, in the
 * one-byte form of RFC 8285. Its two lowest bits are quarter turns clockwise that put the picture upright.
 */
export const FEED_ORIENTATION_ID = 1;

export const feedTrackSchema = z.object({
	kind: z.enum(["audio", "video"]),
	codec: z.enum(["opus", "VP8", "H264", "VP9", "AV1"]),
	payloadType: z.number().int().min(0).max(127),
	/** Hz of the RTP timestamp. */
	clockRate: z.number().int().positive(),
	ssrc: z.number().int().min(0).max(0xffffffff),
});
export type FeedTrack = z.infer<typeof feedTrackSchema>;

/**
 * The other way round, and only while somebody watches: a transcoder's request to send a webinar's programme to those who
 * watch it by WHEP. Once it is accepted it sends RTP of these tracks, H.264 and Opus, and sender reports of one clock.
 */
export const programmeRequestSchema = z.object({
	webinarId: webinarIdSchema,
	publish: z.literal("programme"),
	tracks: z.array(feedTrackSchema).min(1).max(2),
});
export type ProgrammeRequest = z.infer<typeof programmeRequestSchema>;

export const programmeAnswerSchema = z.union([
	z.object({ accepted: z.literal(true) }),
	/** The stream is ended after it, as it is when nobody watches any more. */
	z.object({ error: z.enum(["bad-request", "no-watcher"]) }),
	/** Ask again there, as in `FeedDescription`. */
	z.object({ redirect: z.string() }),
]);
export type ProgrammeAnswer = z.infer<typeof programmeAnswerSchema>;

/** `error`: nobody of that name publishes now; the stream is ended after it, and the transcoder asks again later. */
export const feedDescriptionSchema = z.union([
	z.object({ tracks: z.array(feedTrackSchema) }),
	z.object({ error: z.enum(["bad-request", "no-publisher"]) }),
	/** Ask again there: the path of the UNIX socket of the worker that has the publisher. */
	z.object({ redirect: z.string() }),
]);
export type FeedDescription = z.infer<typeof feedDescriptionSchema>;

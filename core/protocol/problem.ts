import * as z from "zod";

/** Every error code that leaves the server, with its HTTP status and title. Codes are stable; titles may be reworded. */
export const problems = {
	"bad-request": [400, "The request could not be understood"],
	"invalid-body": [400, "The body does not fit what this address takes"],
	"invalid-parameter": [400, "A parameter of the address does not fit"],
	"invalid-sdp": [400, "The SDP could not be understood"],
	"token-missing": [401, "A Bearer token is needed"],
	"token-invalid": [401, "The token is not valid"],
	"token-expired": [401, "The token has expired"],
	"invitation-needed": [403, "The webinar is private: only who was invited may watch"],
	forbidden: [403, "The token does not allow this"],
	"not-found": [404, "There is nothing at this address"],
	"webinar-unknown": [404, "There is no such webinar"],
	"person-unknown": [404, "There is no such person in this webinar"],
	"session-unknown": [404, "There is no such session"],
	"output-unknown": [404, "There is no such output"],
	"image-unknown": [404, "There is no such image"],
	"media-unknown": [404, "There is no such media file now"],
	"method-not-allowed": [405, "This address does not take that method"],
	"webinar-not-live": [409, "The webinar is not live"],
	"webinar-live": [409, "The webinar is live"],
	"webinar-ended": [409, "The webinar has ended"],
	"layer-unknown": [409, "That layer of video is not to be had now"],
	"no-source": [409, "Nobody is publishing now"],
	"hand-not-raised": [409, "That person's hand is not raised"],
	"not-on-stage": [409, "That person does not show this on stage now"],
	"too-many-outputs": [409, "The webinar has as many outputs as it may have"],
	"precondition-failed": [412, "The ETag does not match"],
	"body-too-large": [413, "The body is too large"],
	"unsupported-media-type": [415, "The content type is not one this address takes"],
	"unusable-image": [422, "The image is broken or too large in pixels"],
	"unusable-media": [422, "The offer holds media this server cannot use"],
	"precondition-required": [428, "An If-Match header is needed"],
	"too-many-requests": [429, "Too many requests"],
	internal: [500, "Something went wrong on the server"],
	"server-busy": [503, "The server has as many sessions as it can carry"],
	unavailable: [503, "The server cannot take this on now"],
} as const satisfies Record<string, readonly [number, string]>;
export type ProblemCode = keyof typeof problems;

/** RFC 9457 body of every error answer. */
export const problemSchema = z.object({
	type: z.string(),
	title: z.string(),
	status: z.number().int(),
	code: z.string(),
	detail: z.string().optional(),
});
export type Problem = z.infer<typeof problemSchema>;

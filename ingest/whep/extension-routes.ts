import type { FastifyInstance, FastifyRequest } from "fastify";
import * as z from "zod";
import { AppError } from "../../core/runtime/errors.ts";
import { optionsHeaders, refuseOtherMethods } from "../address-methods.ts";
import { type PlaybackEvent, playbackEvents } from "./event-stream.ts";
import type { Playback } from "./playback.ts";

const EXTENSION = "urn:ietf:params:whep:ext:core:";
const MAX_BODY = 4 * 1024;

const eventsSchema = z.array(z.string().max(64)).max(32);
/** Newer drafts say `rid` where the older ones said `encodingId`; both say that mediaId is a string. */
const selectionSchema = z.object({
	mediaId: z.union([z.string().regex(/^\d{1,3}$/), z.number().int().min(0).max(999)]).optional(),
	rid: z.string().min(1).max(16).nullish(),
	encodingId: z.string().min(1).max(16).nullish(),
	maxHeight: z.number().int().min(0).max(65_535).nullish(),
});

interface Params {
	id: string;
	session: string;
	stream: string;
}

/** Values of the `Link` header fields that say where a session's extensions are (draft-ietf-wish-whep-03 section 4.9). */
export function extensionLinks(sessionUrl: string): string[] {
	return [
		`<${sessionUrl}/events>; rel="${EXTENSION}server-sent-events"; events="${playbackEvents.join(",")}"`,
		`<${sessionUrl}/layer>; rel="${EXTENSION}layer"`,
	];
}

/** Server-sent events and layer selection. Their addresses begin with the session's, so they are capabilities too. */
export function registerExtensionRoutes(
	app: FastifyInstance,
	{
		session,
		publicUrl,
		find,
	}: { session: string; publicUrl: () => string; find: (webinarId: string, session: string) => Playback | undefined },
): void {
	const events = `${session}/events`;
	const stream = `${events}/:stream`;
	const layer = `${session}/layer`;

	app.route<{ Params: Params }>({
		method: "POST",
		url: events,
		bodyLimit: MAX_BODY,
		handler: async (request, reply) => {
			const playback = playbackOf(request.params);
			const wanted = request.body ? jsonOf(request, eventsSchema) : playbackEvents;
			const name = playback.openStream(wanted.filter(isEvent));
			const { id, session: sessionName } = request.params;
			return reply.code(201).header("location", `${publicUrl()}/whep/${id}/${sessionName}/events/${name}`).send();
		},
	});

	app.route<{ Params: Params }>({
		method: "GET",
		url: stream,
		exposeHeadRoute: false,
		handler: async (request, reply) => {
			const found = playbackOf(request.params).stream(request.params.stream);
			if (!found) throw new AppError("not-found");
			return reply
				.headers({ "cache-control": "no-store", "x-accel-buffering": "no" })
				.type("text/event-stream")
				.send(found.connect());
		},
	});

	app.route<{ Params: Params }>({
		method: "DELETE",
		url: stream,
		handler: async (request, reply) => {
			if (!playbackOf(request.params).closeStream(request.params.stream)) throw new AppError("not-found");
			return reply.code(200).send();
		},
	});

	app.route<{ Params: Params }>({
		method: "POST",
		url: layer,
		bodyLimit: MAX_BODY,
		handler: async (request, reply) => {
			const playback = playbackOf(request.params);
			const { mediaId, rid, encodingId, maxHeight } = jsonOf(request, selectionSchema);
			playback.selectLayer({
				media: mediaId === undefined ? undefined : Number(mediaId),
				rid: rid ?? encodingId ?? null,
				maxHeight: maxHeight ?? null,
			});
			return reply.code(200).send();
		},
	});

	for (const [url, allowed, acceptPost] of [
		[events, ["OPTIONS", "POST"], "application/json"],
		[stream, ["OPTIONS", "GET", "DELETE"], undefined],
		[layer, ["OPTIONS", "POST"], "application/json"],
	] as const) {
		app.options(url, async (_request, reply) => reply.code(200).headers(optionsHeaders(allowed, acceptPost)).send());
		refuseOtherMethods(app, url, allowed);
	}

	function playbackOf({ id, session: name }: Params): Playback {
		const found = find(id, name);
		if (!found) throw new AppError("session-unknown");
		return found;
	}
}

function isEvent(name: string): name is PlaybackEvent {
	return (playbackEvents as readonly string[]).includes(name);
}

/** @throws AppError unsupported-media-type, invalid-body */
function jsonOf<T>(request: FastifyRequest, schema: z.ZodType<T>): T {
	const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
	if (type !== "application/json" || typeof request.body !== "string")
		throw new AppError("unsupported-media-type", "The content type has to be application/json");
	try {
		return schema.parse(JSON.parse(request.body));
	} catch (cause) {
		throw new AppError("invalid-body", undefined, { cause });
	}
}

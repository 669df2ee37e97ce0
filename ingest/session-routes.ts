import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { webinarIdSchema } from "../core/protocol/ids.ts";
import type { Person } from "../core/protocol/webinar.ts";
import { AppError } from "../core/runtime/errors.ts";
import { bearerToken } from "../core/runtime/tokens.ts";

/** A WHIP or WHEP session as its routes see it. */
export interface HttpSession {
	session: string;
	/** Without quotes. */
	etag: string;
	close(reason: string): void;
}

/** What WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep) do differently. */
export interface SessionProtocol {
	path: "whip" | "whep";
	action: "publish" | "subscribe";
	/** Bytes. */
	maxOffer: number;
	publicUrl: () => string;
	/** @throws AppError */
	admit(token: string | undefined, webinarId: string, action: "publish" | "subscribe"): Promise<Person>;
	/** @throws AppError */
	open(webinarId: string, person: Person, offer: string, reply: FastifyReply): { session: HttpSession; answer: string };
	find(webinarId: string, session: string): HttpSession | undefined;
}

interface Params {
	id: string;
	session: string;
}

const SDP = "application/sdp";
const FRAGMENT = "application/trickle-ice-sdpfrag";
const MAX_FRAGMENT = 16 * 1024;

/** The HTTP side of WHIP or WHEP: an endpoint that makes sessions, and each session's own URL, which is a capability. */
export function registerSessionRoutes(app: FastifyInstance, protocol: SessionProtocol): void {
	const endpoint = `/${protocol.path}/:id`;
	const session = `${endpoint}/:session`;
	const people = new WeakMap<FastifyRequest, Person>();

	app.removeAllContentTypeParsers();
	app.addContentTypeParser([SDP, FRAGMENT], { parseAs: "string" }, (_request, body, done) => done(null, body));
	app.addHook("onRequest", async (_request, reply) => {
		reply.headers({
			"access-control-allow-origin": "*",
			"access-control-expose-headers": "Location, ETag, Link, Accept-Post",
		});
	});

	app.route<{ Params: Params }>({
		method: "POST",
		url: endpoint,
		bodyLimit: protocol.maxOffer,
		// Before the body is read: a stranger's body is not worth reading.
		onRequest: async (request) => {
			const webinarId = webinarIdOf(request.params.id);
			people.set(request, await protocol.admit(bearerToken(request.headers.authorization), webinarId, protocol.action));
		},
		handler: async (request, reply) => {
			const person = people.get(request);
			if (!person) throw new AppError("internal");
			const offer = bodyOf(request, SDP);
			const opened = protocol.open(request.params.id, person, offer, reply);
			return reply
				.code(201)
				.headers({
					location: `${protocol.publicUrl()}/${protocol.path}/${request.params.id}/${opened.session.session}`,
					etag: `"${opened.session.etag}"`,
				})
				.type(SDP)
				.send(opened.answer);
		},
	});

	app.route<{ Params: Params }>({
		method: "PATCH",
		url: session,
		bodyLimit: MAX_FRAGMENT,
		handler: async (request, reply) => {
			const found = sessionOf(request.params);
			const match = request.headers["if-match"];
			// Lenient: real clients leave If-Match out or send `*`, and the URL itself is the capability.
			if (match !== undefined && match !== "*" && match !== `"${found.etag}"`)
				throw new AppError("precondition-failed");
			bodyOf(request, FRAGMENT);
			// An ICE-lite server learns a peer's addresses from its checks, so its candidates say nothing new.
			return reply.code(204).send();
		},
	});

	app.route<{ Params: Params }>({
		method: "DELETE",
		url: session,
		handler: async (request, reply) => {
			sessionOf(request.params).close("deleted");
			return reply.code(200).send();
		},
	});

	app.get(endpoint, async (_request, reply) => reply.code(200).send());
	app.get<{ Params: Params }>(session, async (request, reply) => {
		const { etag } = sessionOf(request.params);
		return reply.code(200).header("etag", `"${etag}"`).send();
	});

	for (const [url, methods] of [
		[endpoint, "OPTIONS, GET, HEAD, POST"],
		[session, "OPTIONS, GET, HEAD, PATCH, DELETE"],
	] as const) {
		const allowed = methods.split(", ");
		app.options(url, async (_request, reply) => {
			return reply
				.code(200)
				.headers({
					"access-control-allow-methods": methods,
					"access-control-allow-headers": "Authorization, Content-Type, If-Match",
					"access-control-max-age": "600",
					"accept-post": SDP,
				})
				.send();
		});
		app.route({
			method: ["POST", "PUT", "PATCH", "DELETE"].filter((method) => !allowed.includes(method)),
			url,
			// Whatever the body is, it is the method that is wrong.
			onRequest: async (_request, reply) => {
				reply.header("allow", methods);
				throw new AppError("method-not-allowed");
			},
			handler: async () => {},
		});
	}

	function sessionOf({ id, session: name }: Params): HttpSession {
		const found = protocol.find(id, name);
		if (!found) throw new AppError("session-unknown");
		return found;
	}
}

function webinarIdOf(value: string): string {
	if (!webinarIdSchema.safeParse(value).success) throw new AppError("webinar-unknown");
	return value;
}

/** Parsers take both types of this API; each address takes one. */
function bodyOf(request: FastifyRequest, type: string): string {
	const given = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
	if (given !== type || typeof request.body !== "string")
		throw new AppError("unsupported-media-type", `The content type has to be ${type}`);
	return request.body;
}

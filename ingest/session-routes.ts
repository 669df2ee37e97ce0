import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { webinarIdSchema } from "../core/protocol/ids.ts";
import type { Person } from "../core/protocol/webinar.ts";
import type { Clock } from "../core/runtime/clock.ts";
import { AppError } from "../core/runtime/errors.ts";
import { addressKey, RequestLimiter } from "../core/runtime/request-limiter.ts";
import { bearerToken } from "../core/runtime/tokens.ts";
import { optionsHeaders, refuseOtherMethods } from "./address-methods.ts";
import { iceServerLinks, type TurnOptions } from "./ice-servers.ts";
import { matchesIfMatch } from "./if-match.ts";
import { composeFragment, type IceFragment, parseFragment } from "./sdp/ice-fragment.ts";
import type { IceCredentials, LocalTransport } from "./sdp/session-description.ts";
import { extensionLinks, registerExtensionRoutes } from "./whep/extension-routes.ts";
import type { Playback } from "./whep/playback.ts";

/** A WHIP or WHEP session as its routes see it. */
export interface HttpSession {
	session: string;
	personId: string;
	/** Names the ICE session there is now (RFC 9725 section 4.3.1). Without quotes. */
	etag: string;
	/** The peer's end of it. */
	remoteIce: IceCredentials;
	/**
	 * Begins another ICE session (RFC 9725 section 4.3.3). Gives its ETag, which `find` has from then on, and our end of it.
	 * @throws AppError when it cannot; then the old one goes on
	 */
	restart(remote: IceCredentials): Promise<{ etag: string; local: LocalTransport }>;
	close(reason: string): void;
	/** Of a WHEP session whose player may have events and choose layers. */
	playback?: Playback;
}

export interface OpenRequest<Source extends string> {
	webinarId: string;
	person: Person;
	/** What a WHIP session publishes: `?source=screen` beside the camera; or a WHEP session watches: `?source=programme`. */
	source: Source | "camera";
	/** As it came. */
	offer: string;
}

/** What WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep-03) do differently. */
export interface SessionProtocol<Source extends string> {
	path: "whip" | "whep";
	action: "publish" | "subscribe";
	/** What `?source=` may be; `camera` when it is left out. */
	sources: readonly Source[];
	/** Bytes. */
	maxOffer: number;
	/** @throws AppError */
	open(request: OpenRequest<Source>): Promise<{ session: HttpSession; answer: string }>;
	find(webinarId: string, session: string): HttpSession | undefined;
}

export interface SessionRoutesOptions {
	publicUrl: () => string;
	/** RFC 9725 to the letter: a PATCH needs `If-Match`, PATCH and DELETE the token of the one whose session it is. */
	strict: boolean;
	turn: TurnOptions | undefined;
	clock: Clock;
	/** @throws AppError */
	admit(token: string | undefined, webinarId: string, action: "publish" | "subscribe"): Promise<Person>;
}

interface Params {
	id: string;
	session: string;
}

const SDP = "application/sdp";
const FRAGMENT = "application/trickle-ice-sdpfrag";
const MAX_FRAGMENT = 16 * 1024;
/** Of one address, behind which a whole company may sit, or a proxy. */
const ADDRESS_LIMIT = { burst: 500, perSecond: 100 };
/** Of one session. Some clients send a PATCH for each candidate. */
const SESSION_LIMIT = { burst: 60, perSecond: 5 };

/** The HTTP side of WHIP or WHEP: an endpoint that makes sessions, and each session's own URL, which is a capability. */
export function registerSessionRoutes<Source extends string>(
	app: FastifyInstance,
	protocol: SessionProtocol<Source>,
	{ publicUrl, strict, turn, clock, admit }: SessionRoutesOptions,
): void {
	const endpoint = `/${protocol.path}/:id`;
	const session = `${endpoint}/:session`;
	const people = new WeakMap<FastifyRequest, Person>();
	const addressLimiter = new RequestLimiter(ADDRESS_LIMIT, { clock });
	const sessionLimiter = new RequestLimiter(SESSION_LIMIT, { clock });

	app.removeAllContentTypeParsers();
	app.addContentTypeParser([SDP, FRAGMENT, "application/json"], { parseAs: "string" }, (_request, body, done) =>
		done(null, body),
	);
	app.addHook<{ Params: Params }>("onRequest", async (request, reply) => {
		reply.headers({
			"access-control-allow-origin": "*",
			"access-control-expose-headers": "Location, ETag, Link, Accept-Post, Retry-After",
		});
		if (!["POST", "PATCH", "DELETE"].includes(request.method)) return;
		limit(addressLimiter, addressKey(request.ip), reply);
		const { id, session: name } = request.params;
		// Only of sessions there are: names that are made up would push theirs out.
		if (name !== undefined && protocol.find(id, name)) limit(sessionLimiter, name, reply);
	});

	app.route<{ Params: Params; Querystring: { source?: unknown } }>({
		method: "POST",
		url: endpoint,
		bodyLimit: protocol.maxOffer,
		// Before the body is read: a stranger's body is not worth reading.
		onRequest: async (request) => {
			const webinarId = webinarIdOf(request.params.id);
			people.set(request, await admit(bearerToken(request.headers.authorization), webinarId, protocol.action));
		},
		handler: async (request, reply) => {
			const person = people.get(request);
			if (!person) throw new AppError("internal");
			const { id } = request.params;
			const source = sourceOf(request.query.source, protocol.sources);
			const opened = await protocol.open({ webinarId: id, person, source, offer: bodyOf(request, SDP) });
			const { session: name, etag, playback } = opened.session;
			const location = `${publicUrl()}/${protocol.path}/${id}/${name}`;
			const links = [...iceServerLinks(turn, person.personId, clock), ...(playback ? extensionLinks(location) : [])];
			return reply
				.code(201)
				.headers({ location, etag: `"${etag}"`, ...(links.length > 0 ? { link: links } : {}) })
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
			if (strict) await authorize(request, found);
			const match = request.headers["if-match"];
			// Many clients leave it out, and the URL itself is the capability.
			if (match === undefined && strict) throw new AppError("precondition-required");
			if (match !== undefined && !matchesIfMatch(match, found.etag)) throw new AppError("precondition-failed");
			const fragment = parseFragment(bodyOf(request, FRAGMENT));
			if (fragment.ice && isRestart(fragment.ice, found.remoteIce))
				return restart(found, fragment.ice, fragment.frame, reply);
			return reply.code(204).send();
		},
	});

	app.route<{ Params: Params }>({
		method: "DELETE",
		url: session,
		handler: async (request, reply) => {
			const found = sessionOf(request.params);
			if (strict) await authorize(request, found);
			found.close("deleted");
			return reply.code(200).send();
		},
	});

	app.get(endpoint, async (_request, reply) => reply.code(200).send());
	app.get<{ Params: Params }>(session, async (request, reply) => {
		const { etag } = sessionOf(request.params);
		return reply.code(200).header("etag", `"${etag}"`).send();
	});

	const endpointMethods = ["OPTIONS", "GET", "HEAD", "POST"];
	app.options<{ Params: Params }>(endpoint, async (request, reply) => {
		const token = bearerToken(request.headers.authorization);
		// A preflight has no token, and gets its answer whatever the token is.
		const person = token && (await admit(token, request.params.id, protocol.action).catch(() => undefined));
		const links = person ? iceServerLinks(turn, person.personId, clock) : [];
		return reply
			.code(200)
			.headers({ ...optionsHeaders(endpointMethods, SDP), ...(links.length > 0 ? { link: links } : {}) })
			.send();
	});
	refuseOtherMethods(app, endpoint, endpointMethods);
	const sessionMethods = ["OPTIONS", "GET", "HEAD", "PATCH", "DELETE"];
	app.options(session, async (_request, reply) =>
		reply
			.code(200)
			.headers({ ...optionsHeaders(sessionMethods, SDP), "accept-patch": FRAGMENT })
			.send(),
	);
	refuseOtherMethods(app, session, sessionMethods);
	if (protocol.path === "whep") {
		registerExtensionRoutes(app, { session, publicUrl, find: (id, name) => protocol.find(id, name)?.playback });
	}

	function sessionOf({ id, session: name }: Params): HttpSession {
		const found = protocol.find(id, name);
		if (!found) throw new AppError("session-unknown");
		return found;
	}

	async function authorize(request: FastifyRequest<{ Params: Params }>, { personId }: HttpSession): Promise<void> {
		const person = await admit(bearerToken(request.headers.authorization), request.params.id, protocol.action);
		if (person.personId !== personId) throw new AppError("forbidden");
	}
}

async function restart(
	session: HttpSession,
	remote: IceCredentials,
	frame: IceFragment["frame"],
	reply: FastifyReply,
): Promise<FastifyReply> {
	const { etag, local } = await session.restart(remote);
	return reply.code(200).header("etag", `"${etag}"`).type(FRAGMENT).send(composeFragment(local, frame));
}

function isRestart(now: IceCredentials, before: IceCredentials): boolean {
	return now.ufrag !== before.ufrag || now.password !== before.password;
}

/** @throws AppError too-many-requests */
function limit(limiter: RequestLimiter, key: string, reply: FastifyReply): void {
	const waitS = limiter.take(key);
	if (waitS === 0) return;
	reply.header("retry-after", String(waitS));
	throw new AppError("too-many-requests");
}

function webinarIdOf(value: string): string {
	if (!webinarIdSchema.safeParse(value).success) throw new AppError("webinar-unknown");
	return value;
}

function sourceOf<Source extends string>(value: unknown, sources: readonly Source[]): Source | "camera" {
	if (value === undefined) return "camera";
	const source = sources.find((known) => known === value);
	if (source === undefined) throw new AppError("invalid-parameter", `source has to be one of ${sources.join(", ")}`);
	return source;
}

/** Parsers take all types of this API; each address takes one. */
function bodyOf(request: FastifyRequest, type: string): string {
	const given = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
	if (given !== type || typeof request.body !== "string")
		throw new AppError("unsupported-media-type", `The content type has to be ${type}`);
	return request.body;
}

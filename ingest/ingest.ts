import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import type { FastifyPluginAsync } from "fastify";
import type { Registry } from "prom-client";
import { mediaSourceSchema } from "../core/protocol/stage.ts";
import type { Person } from "../core/protocol/webinar.ts";
import type { Bus } from "../core/runtime/bus.ts";
import type { Clock } from "../core/runtime/clock.ts";
import { AppError } from "../core/runtime/errors.ts";
import type { Logger } from "../core/runtime/log.ts";
import { FeedDirectory } from "./feed/feed-directory.ts";
import type { TurnOptions } from "./ice-servers.ts";
import { countIngest } from "./ingest-metrics.ts";
import { MediaPlane } from "./media-plane.ts";
import { composeAnswer } from "./sdp/answer.ts";
import { parseOffer } from "./sdp/session-description.ts";
import { measureSessions } from "./session-metrics.ts";
import { type HttpSession, registerSessionRoutes, type SessionRoutesOptions } from "./session-routes.ts";
import type { Session } from "./sessions.ts";
import { StageFigures } from "./stage-figures.ts";
import { negotiateSubscribe, requireProgrammeMedia } from "./whep/subscribe.ts";
import { negotiatePublish } from "./whip/publish.ts";

export interface IngestOptions {
	/** UDP; 0 takes any free port. */
	mediaPort: number;
	/** Where media reaches this machine; empty for its own addresses. */
	publicAddresses: string[];
	/** Handed out to clients. */
	turn: TurnOptions | undefined;
	/** RFC 9725 to the letter. */
	strict: boolean;
	/** Path of the UNIX socket that transcoders pull publishers from. */
	feedPath: string;
	publicUrl: () => string;
}

export interface IngestParts {
	log: Logger;
	clock: Clock;
	bus: Bus;
	metrics: Registry;
	/** @throws AppError when the token does not allow `action` in that webinar */
	admit(token: string | undefined, webinarId: string, action: "publish" | "subscribe"): Promise<Person>;
}

export interface Ingest {
	/** `/whip/:id`, `/whep/:id` and their sessions. */
	plugin: FastifyPluginAsync;
	/** Of media, by UDP and TCP. */
	mediaPort: number;
	close(): Promise<void>;
}

const MAX_OFFER_BYTES = 64 * 1024;
/** Chromium's offer for a dozen slots; each m= line of video is several thousand bytes. */
const MAX_STAGE_OFFER_BYTES = 256 * 1024;
/** About what one core carries when each has a publisher's video; the rest is told to come back. */
const SESSIONS_PER_WORKER = 500;

/** Media in by WHIP, between presenters by WHEP, and to transcoders by the feed. */
export async function createIngest(
	options: IngestOptions,
	{ log: parentLog, clock, bus, metrics, admit }: IngestParts,
): Promise<Ingest> {
	const log = parentLog.child({ component: "ingest" });
	const { mediaPort, publicAddresses, feedPath, publicUrl, strict, turn } = options;
	const threads = { workers: availableParallelism(), sessionsPerWorker: SESSIONS_PER_WORKER };
	const plane = await MediaPlane.open({ mediaPort, publicAddresses, feedPath, ...threads }, { bus, log });
	const feed = await FeedDirectory.listen(
		feedPath,
		(request) =>
			"publish" in request
				? plane.programmePath(request.webinarId)
				: plane.feedPath(request.webinarId, request.personId, request.source),
		log.child({ component: "feed" }),
	);
	countIngest(metrics, plane);
	measureSessions(metrics, plane);
	const figures = new StageFigures({ plane, bus });

	function toHttp(session: Session): HttpSession {
		return {
			session: session.session,
			personId: session.personId,
			etag: session.etag,
			remoteIce: session.remoteIce,
			async restart(remote) {
				const local = plane.restartIce(session, remote);
				return { etag: session.etag, local };
			},
			close: (reason) => plane.end(session, reason),
			...(session.playback ? { playback: session.playback } : {}),
		};
	}

	function find(kind: Session["kind"], webinarId: string, name: string): HttpSession | undefined {
		const session = plane.sessions.find(kind, webinarId, name);
		return session && toHttp(session);
	}

	const http: SessionRoutesOptions = { publicUrl, strict, turn, clock, admit };
	const plugin: FastifyPluginAsync = async (app) => {
		await app.register(async (scope) =>
			registerSessionRoutes(
				scope,
				{
					path: "whip",
					action: "publish",
					sources: mediaSourceSchema.options,
					maxOffer: MAX_OFFER_BYTES,
					find: (webinarId, session) => find("publisher", webinarId, session),
					async open({ webinarId, person: { personId }, source, offer: sdp }) {
						const offer = parseOffer(sdp);
						const { media, answered } = negotiatePublish(offer);
						const session = plane.openPublisher({ webinarId, personId, source, offer, media });
						return { session: toHttp(session), answer: composeAnswer(plane.local(session), answered, drawId()) };
					},
				},
				http,
			),
		);
		await app.register(async (scope) =>
			registerSessionRoutes(
				scope,
				{
					path: "whep",
					action: "subscribe",
					sources: [...mediaSourceSchema.options, "programme"],
					maxOffer: MAX_STAGE_OFFER_BYTES,
					find: (webinarId, session) => find("subscriber", webinarId, session),
					async open({ webinarId, person: { personId, role }, source, offer: sdp }) {
						const programme = source === "programme";
						if (programme && role !== "host")
							throw new AppError("forbidden", "Only hosts see the programme as it is made");
						const offer = parseOffer(sdp);
						const { media, answered } = negotiateSubscribe(offer);
						if (programme) requireProgrammeMedia(media);
						// An ordinary player would show black for ever; a stage page waits for others with its slots.
						else if (media.every(({ slot }) => slot === 0) && !plane.sessions.hasSourceFor(webinarId, personId))
							throw new AppError("no-source");
						const session = plane.openSubscriber({ webinarId, personId, programme, offer, media });
						return { session: toHttp(session), answer: composeAnswer(plane.local(session), answered, drawId()) };
					},
				},
				http,
			),
		);
	};

	return {
		plugin,
		mediaPort: plane.mediaPort,
		async close() {
			figures.close();
			await Promise.all([plane.close(), feed.close()]);
		},
	};
}

/** The session id of an answer's o= line. */
function drawId(): number {
	return randomInt(2 ** 32);
}

import { randomBytes, randomInt } from "node:crypto";
import type { FastifyPluginAsync } from "fastify";
import { Counter, Gauge, type Registry } from "prom-client";
import type { Person } from "../core/protocol/webinar.ts";
import type { Bus } from "../core/runtime/bus.ts";
import type { Clock } from "../core/runtime/clock.ts";
import { AppError } from "../core/runtime/errors.ts";
import type { Logger } from "../core/runtime/log.ts";
import { FeedServer } from "./feed/feed-server.ts";
import { composeAnswer } from "./sdp/answer.ts";
import { parseOffer, type RemoteTransport } from "./sdp/session-description.ts";
import { type HttpSession, registerSessionRoutes } from "./session-routes.ts";
import { type Connect, Publisher } from "./sfu/publisher.ts";
import { Sfu } from "./sfu/sfu.ts";
import { Subscriber } from "./sfu/subscriber.ts";
import { createDtlsIdentity } from "./transport/dtls-session.ts";
import { MediaConnection } from "./transport/media-connection.ts";
import { MediaPort } from "./transport/media-port.ts";
import { negotiateSubscribe } from "./whep/subscribe.ts";
import { negotiatePublish } from "./whip/publish.ts";

export interface IngestOptions {
	/** UDP; 0 takes any free port. */
	mediaPort: number;
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
	close(): Promise<void>;
}

const MAX_OFFER_BYTES = 64 * 1024;
/** Chromium's offer for a dozen slots; each m= line of video is several thousand bytes. */
const MAX_STAGE_OFFER_BYTES = 256 * 1024;

/** Media in by WHIP, between presenters by WHEP, and to transcoders by the feed. */
export async function createIngest(
	options: IngestOptions,
	{ log: parentLog, clock, bus, metrics, admit }: IngestParts,
): Promise<Ingest> {
	const log = parentLog.child({ component: "ingest" });
	const identity = await createDtlsIdentity();
	const port = await MediaPort.open(options.mediaPort, log);
	const sfu = new Sfu({ clock, bus, log });
	const feed = await FeedServer.listen(
		options.feedPath,
		({ webinarId, personId }) => sfu.room(webinarId)?.publisher(personId),
		log.child({ component: "feed" }),
	);
	countIn(metrics, sfu);

	function connectTo(remote: RemoteTransport, ids: object): Connect {
		return (listener) => new MediaConnection({ port, identity, remote, listener }, { clock, log: log.child(ids) });
	}

	function find(kind: "publisher" | "subscriber", webinarId: string, session: string): HttpSession | undefined {
		const found = sfu.room(webinarId)?.session(kind, session);
		return found && { session, etag: found.etag, close: (reason) => found.close(reason) };
	}

	const plugin: FastifyPluginAsync = async (app) => {
		await app.register(async (scope) =>
			registerSessionRoutes(scope, {
				path: "whip",
				action: "publish",
				maxOffer: MAX_OFFER_BYTES,
				publicUrl: options.publicUrl,
				admit,
				find: (webinarId, session) => find("publisher", webinarId, session),
				open(webinarId, { personId }, sdp) {
					const offer = parseOffer(sdp);
					const { media, answered } = negotiatePublish(offer);
					const ids = { webinarId, personId, session: drawSession() };
					const publisher = new Publisher(
						{ ...ids, media, connect: connectTo(offer.transport, { webinarId, personId }) },
						{ clock },
					);
					sfu.addPublisher(publisher);
					return {
						session: publisher,
						answer: composeAnswer(publisher.connection.local, answered, randomInt(2 ** 32)),
					};
				},
			}),
		);
		await app.register(async (scope) =>
			registerSessionRoutes(scope, {
				path: "whep",
				action: "subscribe",
				maxOffer: MAX_STAGE_OFFER_BYTES,
				publicUrl: options.publicUrl,
				admit,
				find: (webinarId, session) => find("subscriber", webinarId, session),
				open(webinarId, { personId }, sdp, reply) {
					const offer = parseOffer(sdp);
					const { media, answered } = negotiateSubscribe(offer);
					// An ordinary player would show black for ever; a stage page waits for others with its slots.
					if (media.every(({ slot }) => slot === 0) && !sfu.room(webinarId)?.hasSourceFor(personId)) {
						reply.header("retry-after", "2");
						throw new AppError("no-source");
					}
					const ids = { webinarId, personId, session: drawSession() };
					const subscriber = new Subscriber(
						{ ...ids, media, connect: connectTo(offer.transport, { webinarId, personId }) },
						{ clock },
					);
					sfu.addSubscriber(subscriber);
					return {
						session: subscriber,
						answer: composeAnswer(subscriber.connection.local, answered, randomInt(2 ** 32)),
					};
				},
			}),
		);
	};

	return {
		plugin,
		async close() {
			sfu.close();
			await feed.close();
			await port.close();
		},
	};
}

/** Session URLs are capabilities (RFC 9725 section 4.2): 192 bits nobody can guess. */
function drawSession(): string {
	return randomBytes(24).toString("base64url");
}

function countIn(metrics: Registry, sfu: Sfu): void {
	const registers = [metrics];
	new Gauge({
		name: "rostrum_publishers",
		help: "WHIP sessions that are connected",
		registers,
		collect() {
			this.set(sfu.totals().publishers);
		},
	});
	new Gauge({
		name: "rostrum_subscribers",
		help: "WHEP sessions that are connected",
		registers,
		collect() {
			this.set(sfu.totals().subscribers);
		},
	});
	new Counter({
		name: "rostrum_rtp_packets_total",
		help: "RTP packets received from publishers and sent to subscribers",
		labelNames: ["direction"],
		registers,
		collect() {
			const { packetsIn, packetsOut } = sfu.totals();
			this.reset();
			this.inc({ direction: "in" }, packetsIn);
			this.inc({ direction: "out" }, packetsOut);
		},
	});
}

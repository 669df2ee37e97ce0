import type { ServerResponse } from "node:http";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { Counter, Gauge, type Registry } from "prom-client";
import type { ProblemCode } from "../../core/protocol/problem.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { AppError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { BlockedRequests } from "./blocked-requests.ts";
import { CORS_HEADERS, writeProblem } from "./http-answer.ts";
import { type LiveRendition, LiveStream } from "./live-stream.ts";
import { writeMedia } from "./media-answer.ts";
import { checkNotTooFarAhead, isReached, isStale, parseDirectives } from "./reload-directives.ts";

const EXPIRY_CHECK_MS = 250;
/** Seconds a playlist may be taken for the newest. */
const PLAIN_MAX_AGE = 1;
/** In target durations: what a blocked request was answered with is right for as long as anyone can ask for it. */
const BLOCKING_MAX_AGE = 6;

type LiveRequest = FastifyRequest<{
	Params: { id: string; rendition: string; name: string };
	Querystring: Record<string, unknown>;
}>;

/** What is needed to answer one request, now or when something was published. */
interface Exchange {
	request: LiveRequest;
	response: ServerResponse;
	stream: LiveStream;
}

/**
 * Serves programmes as low-latency HLS (rfc8216bis):
 * `/live/:id/index.m3u8`, `/live/:id/:rendition/index.m3u8` and `/live/:id/:rendition/:name` for media.
 * Every answer for one set of parameters is the same for everyone, so that any cache may hold it.
 */
export class Origin {
	readonly #log: Logger;
	readonly #clock: Clock;
	readonly #streams = new Map<string, LiveStream>();
	readonly #expiry: NodeJS.Timeout;
	readonly #answers: Counter<"kind">;
	readonly #bytes: Counter<"kind">;

	constructor({ log, clock, metrics }: { log: Logger; clock: Clock; metrics: Registry }) {
		this.#log = log.child({ component: "origin" });
		this.#clock = clock;
		this.#expiry = setInterval(() => this.#expire(), EXPIRY_CHECK_MS);
		const registers = [metrics];
		this.#answers = new Counter({
			name: "rostrum_origin_answers_total",
			help: "Requests of the audience that were answered, by kind",
			labelNames: ["kind"],
			registers,
		});
		this.#bytes = new Counter({
			name: "rostrum_origin_bytes_total",
			help: "Bytes of the bodies sent to the audience, by kind",
			labelNames: ["kind"],
			registers,
		});
		const blockedNow = () => [...this.#streams.values()].reduce((sum, { blockedCount }) => sum + blockedCount, 0);
		new Gauge({
			name: "rostrum_origin_blocked_requests",
			help: "Requests of the audience that wait for a part",
			registers,
			collect() {
				this.set(blockedNow());
			},
		});
	}

	readonly plugin: FastifyPluginAsync = async (app) => {
		const routes = {
			"/live/:id/index.m3u8": (exchange: Exchange) => this.#answerMultivariant(exchange),
			"/live/:id/:rendition/index.m3u8": (exchange: Exchange) => this.#answerPlaylist(exchange),
			"/live/:id/:rendition/:name": (exchange: Exchange) => this.#answerMedia(exchange),
		};
		for (const [url, answer] of Object.entries(routes)) {
			app.route({
				method: ["GET", "HEAD"],
				url,
				handler: (request, reply) => this.#handle(request as LiveRequest, reply, answer),
			});
			app.options(url, async (_request, reply) => {
				const allowed = {
					"access-control-allow-methods": "GET, HEAD, OPTIONS",
					"access-control-allow-headers": "Range",
				};
				return reply
					.code(204)
					.headers({ ...CORS_HEADERS, ...allowed, "access-control-max-age": 86_400 })
					.send();
			});
		}
	};

	/** A new stream at that webinar's address, in place of the one that was there. */
	open(webinarId: string): LiveStream {
		this.#streams.get(webinarId)?.close();
		const stream = new LiveStream();
		this.#streams.set(webinarId, stream);
		return stream;
	}

	/** Serves the webinar no longer. */
	forget(webinarId: string): void {
		this.#streams.get(webinarId)?.close();
		this.#streams.delete(webinarId);
	}

	/** Answers every blocked request with 503. What is published can still be fetched. */
	close(): void {
		clearInterval(this.#expiry);
		for (const stream of this.#streams.values()) stream.close();
	}

	#expire(): void {
		for (const stream of this.#streams.values()) stream.expire(this.#clock.now());
	}

	/** Answers past Fastify: its reply costs more than all the rest, and a blocked request needs none of it. */
	#handle(request: LiveRequest, reply: FastifyReply, answer: (exchange: Exchange) => void): void {
		reply.hijack();
		const response = reply.raw;
		const stream = this.#streams.get(request.params.id);
		if (!stream || (stream.closed && !stream.published)) this.#refuse(response, "media-unknown");
		else if (stream.published) this.#attempt({ request, response, stream }, answer);
		else this.#block({ request, response, stream }, stream.beginning, () => stream.published !== undefined, answer);
	}

	/** One answer's failure must not keep the others waiting. */
	#attempt(exchange: Exchange, answer: (exchange: Exchange) => void): void {
		try {
			answer(exchange);
		} catch (error) {
			if (!(error instanceof AppError)) this.#log.error({ err: error }, "request failed");
			this.#refuse(exchange.response, error instanceof AppError ? error : "internal");
		}
	}

	/** Held until there is a whole segment: players that load no parts would find nothing and give up. */
	#answerMultivariant(exchange: Exchange): void {
		const { request, response, stream } = exchange;
		const hasSegment = () => this.#published(stream).position.lastMsn > 0;
		if (hasSegment()) {
			const { multivariant } = this.#published(stream);
			this.#count("multivariant", multivariant.write(response, request.headers["accept-encoding"], PLAIN_MAX_AGE));
		} else {
			this.#block(exchange, stream.beginning, hasSegment, (blocked) => this.#answerMultivariant(blocked));
		}
	}

	#answerPlaylist(exchange: Exchange): void {
		const { request, response, stream } = exchange;
		const rendition = this.#rendition(exchange);
		const write = (maxAge: number) => {
			this.#count("playlist", rendition.playlist.write(response, request.headers["accept-encoding"], maxAge));
		};
		const { position, ended } = this.#published(stream);
		const directives = ended ? undefined : parseDirectives(request.query);
		const blockingMaxAge = BLOCKING_MAX_AGE * position.targetDuration;
		if (!directives || isReached(directives, position)) {
			write(directives && !isStale(directives, position) ? blockingMaxAge : PLAIN_MAX_AGE);
			return;
		}
		checkNotTooFarAhead(directives, position);
		const isReady = () => {
			const now = this.#published(stream);
			return now.ended || isReached(directives, now.position);
		};
		this.#block(exchange, rendition.blocked, isReady, () => write(blockingMaxAge));
	}

	#answerMedia(exchange: Exchange): void {
		const { request, response, stream } = exchange;
		const rendition = this.#rendition(exchange);
		const { name } = request.params;
		const chunks = rendition.media.get(name);
		if (chunks) {
			this.#count("media", writeMedia(response, rendition.contentType, chunks, request.headers.range));
			return;
		}
		if (name !== rendition.hint) throw new AppError("media-unknown");
		const isReady = () => rendition.hint !== name || this.#published(stream).ended;
		this.#block(exchange, rendition.blocked, isReady, (blocked) => this.#answerMedia(blocked));
	}

	#block(
		exchange: Exchange,
		blocked: BlockedRequests,
		isReady: () => boolean,
		answer: (exchange: Exchange) => void,
	): void {
		const { response, stream } = exchange;
		const refuse = () => this.#refuse(response, "unavailable");
		const request = { isReady, answer: () => this.#attempt(exchange, answer), refuse };
		const taken = !stream.closed && blocked.add(request, this.#clock.now());
		if (taken) response.once("close", () => blocked.remove(request));
		else refuse();
	}

	/** @throws AppError media-unknown */
	#rendition({ request, stream }: Exchange): LiveRendition {
		const rendition = stream.renditions.get(request.params.rendition);
		if (!rendition) throw new AppError("media-unknown");
		return rendition;
	}

	#published(stream: LiveStream) {
		if (!stream.published) throw new AppError("media-unknown");
		return stream.published;
	}

	#refuse(response: ServerResponse, error: AppError | ProblemCode): void {
		writeProblem(response, error);
		this.#count("refused", 0);
	}

	#count(kind: "multivariant" | "playlist" | "media" | "refused", bytes = 0): void {
		this.#answers.inc({ kind });
		this.#bytes.inc({ kind }, bytes);
	}
}

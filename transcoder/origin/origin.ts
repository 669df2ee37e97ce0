import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import type { Registry } from "prom-client";
import type { Clock } from "../../core/runtime/clock.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { MediaArchive } from "../publication.ts";
import { type Answer, CORS_HEADERS, problemAnswer } from "./answer.ts";
import type { Asker } from "./blocked-requests.ts";
import { connectionLimits } from "./connection-limits.ts";
import { FastLane } from "./fast-lane.ts";
import { HttpAsker } from "./http-asker.ts";
import { type LiveRequest, parseLiveRequest, withoutEscapes } from "./live-request.ts";
import { LiveStream } from "./live-stream.ts";
import { OpenFiles } from "./open-files.ts";
import { OriginMetrics } from "./origin-metrics.ts";
import { acceptsGzip } from "./playlist-answer.ts";

const EXPIRY_CHECK_MS = 250;
/** Whoever takes nothing for so long is gone, or never was a player. */
const STALL_MS = 10_000;

interface OriginDeps {
	log: Logger;
	clock: Clock;
	metrics: Registry;
	/** Whether that pass, or none, opens that webinar; without it, everything is open. */
	admits?: (webinarId: string, pass: string | undefined) => boolean;
	/** Of all connections to the server; by default what the system allows. */
	maxConnections?: number;
}

/**
 * Serves programmes as low-latency HLS (rfc8216bis):
 * `/live/:id/index.m3u8`, `/live/:id/:rendition/index.m3u8` and `/live/:id/:rendition/:name` for media, and the same below
 * `/live/:id/~PASS/` to those who need a pass.
 * Every answer for one set of parameters is the same for everyone, so that any cache may hold it.
 */
export class Origin {
	readonly #log: Logger;
	readonly #clock: Clock;
	readonly #admits: NonNullable<OriginDeps["admits"]>;
	readonly #streams = new Map<string, LiveStream>();
	readonly #expiry: NodeJS.Timeout;
	readonly #metrics: OriginMetrics;
	readonly #files: OpenFiles;
	readonly #lane: FastLane;

	constructor({ log, clock, metrics: registry, admits = () => true, maxConnections }: OriginDeps) {
		this.#log = log.child({ component: "origin" });
		this.#clock = clock;
		this.#admits = admits;
		this.#expiry = setInterval(() => this.#expire(), EXPIRY_CHECK_MS);
		this.#metrics = new OriginMetrics(registry, {
			blocked: () => [...this.#streams.values()].reduce((sum, { blockedCount }) => sum + blockedCount, 0),
			connections: () => this.#lane.openCount,
		});
		const limits = connectionLimits();
		this.#files = new OpenFiles(limits.files);
		const options = {
			ask: (request: LiveRequest, asker: Asker) => this.#ask(request, asker),
			maxConnections: maxConnections ?? limits.connections,
			stallMs: STALL_MS,
		};
		this.#lane = new FastLane(options, { clock, files: this.#files, metrics: this.#metrics });
	}

	readonly plugin: FastifyPluginAsync = async (app) => {
		this.#lane.attach(app.server);
		app.route({ method: ["GET", "HEAD"], url: "/live/*", handler: (request, reply) => this.#handle(request, reply) });
		app.options("/live/*", async (_request, reply) => {
			const allowed = {
				"access-control-allow-methods": "GET, HEAD, OPTIONS",
				"access-control-allow-headers": "Range",
			};
			return reply
				.code(204)
				.headers({ ...CORS_HEADERS, ...allowed, "access-control-max-age": 86_400 })
				.send();
		});
	};

	/** A new stream at that webinar's address, in place of the one that was there. */
	open(webinarId: string, archive?: MediaArchive): LiveStream {
		this.#streams.get(webinarId)?.close();
		const onError = (err: unknown) => this.#log.error({ err, webinarId }, "request failed");
		const stream = new LiveStream({ archive, onError });
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
		this.#lane.close();
		for (const stream of this.#streams.values()) stream.close();
	}

	#expire(): void {
		for (const stream of this.#streams.values()) stream.expire(this.#clock.now());
	}

	/** Answers past Fastify: its reply costs more than all the rest, and a blocked request needs none of it. */
	#handle(request: FastifyRequest, reply: FastifyReply): void {
		reply.hijack();
		const { headers } = request;
		const asker = new HttpAsker(reply.raw, {
			acceptsGzip: acceptsGzip(headers["accept-encoding"]),
			stallMs: STALL_MS,
			files: this.#files,
			metrics: this.#metrics,
		});
		const target = withoutEscapes(request.raw.url ?? "");
		const asked =
			target &&
			parseLiveRequest(target, {
				isHead: request.method === "HEAD",
				range: headers.range,
				ifRange: headers["if-range"] !== undefined,
				acceptEncoding: headers["accept-encoding"],
				viaEdge: headers.via !== undefined,
			});
		if (!asked) {
			asker.take(problemAnswer("media-unknown"));
			return;
		}
		const stream = this.#ask(asked, asker);
		reply.raw.once("close", () => stream?.forget(asker));
	}

	/** Returns the stream that it may have to wait for. */
	#ask(request: LiveRequest, asker: Asker): LiveStream | undefined {
		if (request.viaEdge) this.#metrics.cameThroughEdge();
		const refusal = this.#refusal(request);
		if (refusal) {
			asker.take(refusal);
			return undefined;
		}
		const stream = this.#streams.get(request.webinarId);
		if (stream) stream.ask(request, asker, this.#clock.now());
		else asker.take(problemAnswer("media-unknown"));
		return stream;
	}

	#refusal({ webinarId, pass }: LiveRequest): Answer | undefined {
		try {
			return this.#admits(webinarId, pass) ? undefined : problemAnswer("forbidden");
		} catch (err) {
			this.#log.error({ err, webinarId }, "a pass could not be judged");
			return problemAnswer("internal");
		}
	}
}

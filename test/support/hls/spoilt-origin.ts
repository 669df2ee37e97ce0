import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import fastify, { type FastifyInstance } from "fastify";
import { Registry } from "prom-client";
import { systemClock } from "../../../core/runtime/clock.ts";
import { createLog } from "../../../core/runtime/log.ts";
import { Origin } from "../../../transcoder/origin/origin.ts";
import { Packager } from "../../../transcoder/package/packager.ts";
import { CodedRecording } from "../coded-recording.ts";
import { forgetfulStore } from "../forgetful-store.ts";
import { type HttpAnswer, HttpClient } from "./http-client.ts";

const STEP_MS = 50;

export interface Defect {
	/** Changes the address or the headers before they reach the origin. */
	ask?: (url: URL, headers: IncomingHttpHeaders) => void;
	/** Changes a playlist's text. */
	rewrite?: (text: string, url: URL) => string;
	/** Changes what the origin answered. */
	answer?: (answer: HttpAnswer, url: URL) => Partial<HttpAnswer> | undefined;
	/** Holds an answer back for so long. */
	delayMs?: (answer: HttpAnswer, url: URL) => number;
	/** Gives up on the origin after so long, with 404. */
	impatientMs?: number;
}

/** A correct origin with a programme that runs, and servers that are it but for one defect each. */
export class SpoiltOrigin {
	readonly #origin = new Origin({
		log: createLog({ level: "silent", pretty: false }),
		clock: systemClock,
		metrics: new Registry(),
	});
	readonly #app: FastifyInstance = fastify({ forceCloseConnections: true });
	readonly #client = new HttpClient();
	readonly #proxies: Server[] = [];
	readonly #feeds: NodeJS.Timeout[] = [];

	static async start(): Promise<SpoiltOrigin> {
		const started = new SpoiltOrigin();
		await started.#app.register(started.#origin.plugin);
		await started.#app.listen({ host: "127.0.0.1", port: 0 });
		return started;
	}

	/** A programme that has run for so long; returns the function that ends it. */
	play(id: string, historyMs: number): () => void {
		const stream = this.#origin.open(id);
		const packager = new Packager({
			epoch: "e",
			windowSeconds: 60,
			timeline: undefined,
			store: forgetfulStore,
			publish: (publication) => stream.publish(publication),
		});
		const rung = { kind: "video", width: 16, height: 16, frameRate: 30, maxBitrate: 90_000, avcC: "AUIAHg==" } as const;
		const frames = Array.from({ length: 60 }, (_, index) => Buffer.alloc(200, index));
		const recording = new CodedRecording(
			[
				{ ...rung, name: "720p" },
				{ kind: "audio", sampleRate: 48_000, channels: 2, maxBitrate: 90_000, audioSpecificConfig: "EZA=" },
			],
			[frames, frames],
		);
		const startsAtMs = Date.now() - historyMs;
		packager.startRun({ run: 1, startsAtMs, tracks: recording.tracks });
		let playedMs = 0;
		const feed = () => {
			const untilMs = Date.now() - startsAtMs;
			for (; playedMs < untilMs; playedMs += STEP_MS) {
				for (const frame of recording.between(playedMs, playedMs + STEP_MS)) packager.add(frame);
			}
		};
		feed();
		const feeding = setInterval(feed, STEP_MS);
		this.#feeds.push(feeding);
		return () => {
			clearInterval(feeding);
			packager.end();
			stream.close();
		};
	}

	/** Returns the address of the multivariant playlist of a server with that defect. */
	async spoil(id: string, { ask, rewrite, answer, delayMs, impatientMs }: Defect): Promise<string> {
		const { port } = this.#app.server.address() as AddressInfo;
		const proxy = createServer(async (request, response) => {
			const url = new URL(request.url ?? "", `http://127.0.0.1:${port}`);
			const asked = new URL(url);
			const headers: IncomingHttpHeaders = { ...request.headers };
			const zips = rewrite !== undefined && headers["accept-encoding"] === "gzip";
			if (rewrite) headers["accept-encoding"] = "identity";
			ask?.(url, headers);
			const sent = this.#client.get(url, headers as Record<string, string>, request.method);
			const late = Promise.withResolvers<HttpAnswer>();
			const missing: HttpAnswer = { status: 404, headers: {}, body: Buffer.alloc(0), tookMs: 0, retried: false };
			const timer =
				impatientMs && /part-e/.test(url.pathname) ? setTimeout(() => late.resolve(missing), impatientMs) : undefined;
			const given = await Promise.race([sent, late.promise]).catch(() => undefined);
			clearTimeout(timer);
			if (!given) return response.destroy();
			if (rewrite && /m3u8$/.test(asked.pathname) && given.status === 200) {
				const text = Buffer.from(rewrite(given.body.toString(), asked));
				given.body = zips ? gzipSync(text) : text;
				if (zips) given.headers["content-encoding"] = "gzip";
			}
			const changed = { ...given, ...answer?.(given, asked) };
			const kept = Object.entries(changed.headers).filter(
				([name, value]) => value !== undefined && name !== "content-length",
			);
			await new Promise((resolve) => setTimeout(resolve, delayMs?.(given, asked) ?? 0));
			response.writeHead(changed.status, Object.fromEntries(kept)).end(changed.body);
		});
		this.#proxies.push(proxy.listen(0, "127.0.0.1"));
		await once(proxy, "listening");
		return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/live/${id}/index.m3u8`;
	}

	async close(): Promise<void> {
		for (const feed of this.#feeds) clearInterval(feed);
		this.#origin.close();
		this.#client.close();
		for (const proxy of this.#proxies) {
			proxy.closeAllConnections();
			proxy.close();
		}
		await this.#app.close();
	}
}

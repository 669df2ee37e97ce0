import type { AddressInfo } from "node:net";
import websocket from "@fastify/websocket";
import fastify, { type FastifyInstance } from "fastify";
import { Registry } from "prom-client";
import { expect } from "vitest";
import { createLog } from "../../core/runtime/log.ts";
import type { LiveStream } from "../../transcoder/origin/live-stream.ts";
import { Origin } from "../../transcoder/origin/origin.ts";
import type { MediaArchive, NamedMedia, Publication } from "../../transcoder/publication.ts";
import { eventually } from "./deadline.ts";
import { type HttpAnswer, HttpClient } from "./hls/http-client.ts";
import { RawConnection } from "./raw-connection.ts";

export const ID = "abcdefghij12";

interface TestOriginOptions {
	archive?: MediaArchive;
	admits?: (webinarId: string, pass: string | undefined) => boolean;
	maxConnections?: number;
}

/**
 * An origin on a listening server, with a clock that a test moves, and one stream. The server has addresses of its own
 * besides: `POST /api/echo` and the WebSocket `/api/socket` give back what they are given.
 */
export class TestOrigin {
	nowMs = 1_000_000;
	readonly metrics = new Registry();
	readonly origin: Origin;
	readonly stream: LiveStream;
	readonly #app: FastifyInstance = fastify();
	readonly #client = new HttpClient();
	readonly #connections: RawConnection[] = [];

	private constructor({ archive, ...options }: TestOriginOptions) {
		const log = createLog({ level: "silent", pretty: false });
		this.origin = new Origin({ log, clock: { now: () => this.nowMs }, metrics: this.metrics, ...options });
		this.stream = this.origin.open(ID, archive);
	}

	static async start(options: TestOriginOptions = {}): Promise<TestOrigin> {
		const started = new TestOrigin(options);
		const app = started.#app;
		await app.register(websocket);
		await app.register(started.origin.plugin);
		app.post("/api/echo", async (request) => request.body);
		await app.register(async (child) => {
			child.get("/api/socket", { websocket: true }, (socket) => {
				socket.on("message", (data: Buffer) => socket.send(data.toString()));
			});
		});
		await app.listen({ host: "127.0.0.1", port: 0 });
		return started;
	}

	get port(): number {
		return (this.#app.server.address() as AddressInfo).port;
	}

	address(path: string): string {
		return `http://127.0.0.1:${this.port}/live/${path}`;
	}

	connect(): RawConnection {
		const connection = new RawConnection(this.port);
		this.#connections.push(connection);
		return connection;
	}

	get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<HttpAnswer> {
		return this.#client.get(this.address(path), headers, method);
	}

	playlist(query = ""): Promise<HttpAnswer> {
		return this.get(`${ID}/720p/index.m3u8${query}`);
	}

	async blocked(): Promise<number> {
		const read = await this.metrics.getSingleMetric("rostrum_origin_blocked_requests")?.get();
		return read?.values[0]?.value ?? -1;
	}

	untilBlocked(count: number): Promise<true> {
		return eventually(
			async () => (await this.blocked()) === count,
			20_000,
			() => `not ${count} requests blocked`,
		);
	}

	async close(): Promise<void> {
		this.origin.close();
		for (const connection of this.#connections) connection.close();
		this.#client.close();
		await this.#app.close();
	}
}

export const media = (name: string, ...chunks: string[]): NamedMedia => ({
	name,
	chunks: chunks.map((chunk) => Buffer.from(chunk)),
});

/** A publication with `openParts` parts of segment `lastMsn + 1`; its playlists say so. */
export function publication(
	lastMsn: number,
	openParts: number,
	changes: { added?: NamedMedia[]; expired?: string[]; ended?: boolean; delta?: string } = {},
): Publication {
	const { added = [], expired = [], ended = false, delta = null } = changes;
	const next = `part-${6 * lastMsn + openParts + 1}`;
	return {
		multivariant: `multivariant ${lastMsn}.${openParts}`,
		position: { lastMsn, lastMsnParts: lastMsn === 0 ? 0 : 6, openParts, partsPerSegment: 6, targetDuration: 2 },
		renditions: (["720p", "audio"] as const).map((name) => ({
			name,
			contentType: name === "audio" ? "audio/mp4" : "video/mp4",
			playlist: `${name} ${lastMsn}.${openParts}${ended ? " ended" : ""}`,
			delta,
			hint: ended ? null : next,
			added,
			expired,
		})),
		ended,
	};
}

export function problemCode(answer: HttpAnswer): string {
	expect(answer.headers["content-type"]).toBe("application/problem+json");
	return (JSON.parse(answer.body.toString()) as { code: string }).code;
}

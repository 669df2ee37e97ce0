import type { AddressInfo } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import { Registry } from "prom-client";
import { expect } from "vitest";
import { createLog } from "../../core/runtime/log.ts";
import { Origin } from "../../transcoder/origin/origin.ts";
import type { NamedMedia, Publication } from "../../transcoder/publication.ts";
import { eventually } from "./deadline.ts";
import { type HttpAnswer, HttpClient } from "./hls/http-client.ts";

export const ID = "abcdefghij12";

/** An origin on a listening server, with a clock that a test moves, and one stream. */
export class TestOrigin {
	nowMs = 1_000_000;
	readonly metrics = new Registry();
	readonly origin = new Origin({
		log: createLog({ level: "silent", pretty: false }),
		clock: { now: () => this.nowMs },
		metrics: this.metrics,
	});
	readonly stream = this.origin.open(ID);
	readonly #app: FastifyInstance = fastify();
	readonly #client = new HttpClient();

	static async start(): Promise<TestOrigin> {
		const started = new TestOrigin();
		await started.#app.register(started.origin.plugin);
		await started.#app.listen({ host: "127.0.0.1", port: 0 });
		return started;
	}

	address(path: string): string {
		return `http://127.0.0.1:${(this.#app.server.address() as AddressInfo).port}/live/${path}`;
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
	changes: { added?: NamedMedia[]; expired?: string[]; ended?: boolean } = {},
): Publication {
	const { added = [], expired = [], ended = false } = changes;
	const next = `part-${6 * lastMsn + openParts + 1}`;
	return {
		multivariant: `multivariant ${lastMsn}.${openParts}`,
		position: { lastMsn, lastMsnParts: lastMsn === 0 ? 0 : 6, openParts, partsPerSegment: 6, targetDuration: 2 },
		renditions: (["720p", "audio"] as const).map((name) => ({
			name,
			contentType: name === "audio" ? "audio/mp4" : "video/mp4",
			playlist: `${name} ${lastMsn}.${openParts}${ended ? " ended" : ""}`,
			delta: null,
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

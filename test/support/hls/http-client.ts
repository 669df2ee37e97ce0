import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { request as requestByTls, Agent as TlsAgent } from "node:https";
import { setTimeout as delay } from "node:timers/promises";

export interface HttpAnswer {
	status: number;
	headers: IncomingHttpHeaders;
	body: Buffer;
	/** Milliseconds until the whole body was there; of the last attempt. */
	tookMs: number;
	/** Other attempts came before it, while the server was away. */
	retried: boolean;
}

export interface Outage {
	/** `performance.now()` when it was first noticed. */
	startMs: number;
	endMs: number;
}

/** What a server, or an edge before it, says while the server is away. */
const AWAY = [502, 503, 504];
const RETRY_MS = 200;

/** A plain client: unlike fetch it neither decodes nor follows anything, and tells every header. */
export class HttpClient {
	readonly #agent = new Agent({ keepAlive: true });
	readonly #tlsAgent = new TlsAgent({ keepAlive: true });
	readonly #toleratedOutageMs: number;
	/** Times at which no answer, or one of AWAY, was all there was to be had; in order, each apart from the next. */
	readonly outages: Outage[] = [];

	/** `toleratedOutageMs`: for so long a server that is away is asked again before its answer, or error, is given. */
	constructor({ toleratedOutageMs = 0 }: { toleratedOutageMs?: number } = {}) {
		this.#toleratedOutageMs = toleratedOutageMs;
	}

	/** @throws Error when there is no answer, or none within 30 s */
	async get(url: string | URL, headers: Record<string, string> = {}, method = "GET"): Promise<HttpAnswer> {
		let awaySinceMs: number | undefined;
		while (true) {
			const answer = await this.#ask(url, headers, method).catch((error: Error) => error);
			const nowMs = performance.now();
			const isAway = answer instanceof Error || AWAY.includes(answer.status);
			if (awaySinceMs !== undefined) this.#noteOutage(awaySinceMs, nowMs);
			if (isAway && nowMs - (awaySinceMs ?? nowMs) < this.#toleratedOutageMs) {
				awaySinceMs ??= nowMs;
				await delay(RETRY_MS);
			} else if (answer instanceof Error) throw answer;
			else return { ...answer, retried: awaySinceMs !== undefined };
		}
	}

	#noteOutage(startMs: number, endMs: number): void {
		const last = this.outages.at(-1);
		if (!last || startMs > last.endMs) this.outages.push({ startMs, endMs });
		else {
			last.startMs = Math.min(last.startMs, startMs);
			last.endMs = Math.max(last.endMs, endMs);
		}
	}

	#ask(url: string | URL, headers: Record<string, string>, method: string): Promise<Omit<HttpAnswer, "retried">> {
		const { promise, resolve, reject } = Promise.withResolvers<Omit<HttpAnswer, "retried">>();
		const startedAt = performance.now();
		const isTls = new URL(url).protocol === "https:";
		const options = { method, headers, agent: isTls ? this.#tlsAgent : this.#agent, timeout: 30_000 };
		const sent = (isTls ? requestByTls : request)(url, options, (response) => {
			const chunks: Buffer[] = [];
			response.on("data", (chunk: Buffer) => chunks.push(chunk));
			response.on("error", reject);
			response.on("end", () => {
				const { statusCode = 0, headers } = response;
				resolve({ status: statusCode, headers, body: Buffer.concat(chunks), tookMs: performance.now() - startedAt });
			});
		});
		sent.on("timeout", () => sent.destroy(new Error(`no answer from ${url}`)));
		sent.on("error", reject);
		sent.end();
		return promise;
	}

	close(): void {
		this.#agent.destroy();
		this.#tlsAgent.destroy();
	}
}

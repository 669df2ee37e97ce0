import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { request as requestByTls, Agent as TlsAgent } from "node:https";

export interface HttpAnswer {
	status: number;
	headers: IncomingHttpHeaders;
	body: Buffer;
	/** Milliseconds until the whole body was there. */
	tookMs: number;
}

/** A plain client: unlike fetch it neither decodes nor follows anything, and tells every header. */
export class HttpClient {
	readonly #agent = new Agent({ keepAlive: true });
	readonly #tlsAgent = new TlsAgent({ keepAlive: true });

	get(url: string | URL, headers: Record<string, string> = {}, method = "GET"): Promise<HttpAnswer> {
		const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
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

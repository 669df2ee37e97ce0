import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { AppError } from "../../core/runtime/errors.ts";
import { type Answer, problemAnswer } from "./answer.ts";
import type { Asker } from "./blocked-requests.ts";
import type { OpenFiles } from "./open-files.ts";
import type { OriginMetrics } from "./origin-metrics.ts";

interface HttpAskerOptions {
	acceptsGzip: boolean;
	/** Of no progress, after which a reader is given up. */
	stallMs: number;
	files: OpenFiles;
	metrics: OriginMetrics;
}

/**
 * Somebody who asks by way of Node's HTTP server. Each answer ends the connection, so that the next request begins on a new
 * one in the fast lane.
 */
export class HttpAsker implements Asker {
	readonly #response: ServerResponse;
	readonly #options: HttpAskerOptions;

	constructor(response: ServerResponse, options: HttpAskerOptions) {
		this.#response = response;
		this.#options = options;
	}

	take(choice: Answer): void {
		const response = this.#response;
		if (response.destroyed) return;
		const answer = choice.for(this.#options.acceptsGzip);
		response.setTimeout(this.#options.stallMs, () => {
			this.#options.metrics.dropped("slow");
			response.destroy();
		});
		if (answer.file && response.req.method !== "HEAD") {
			// A reader that has gone is none of our concern.
			this.#sendFile(answer, answer.file).catch(() => response.destroy());
			return;
		}
		this.#begin(answer);
		response.cork();
		for (const chunk of answer.chunks) response.write(chunk);
		response.end();
		response.uncork();
	}

	#begin(answer: Answer): void {
		this.#options.metrics.answered(answer);
		this.#response.writeHead(answer.status, { ...answer.headers, connection: "close" });
	}

	async #sendFile(answer: Answer, range: NonNullable<Answer["file"]>): Promise<void> {
		const file = await this.#options.files.open(range).catch((error: AppError) => error);
		if (file instanceof Error) return this.take(problemAnswer(file));
		try {
			this.#begin(answer);
			await pipeline(Readable.from(file.chunks(), { highWaterMark: 1 }), this.#response);
		} finally {
			await file.close();
		}
	}
}

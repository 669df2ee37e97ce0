import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { writeAnswer } from "./http-answer.ts";

/** One version of a playlist, built once and given to everyone who asks for it. */
export class PlaylistAnswer {
	readonly #identity: Buffer;
	#gzip: Buffer | undefined;

	constructor(text: string) {
		this.#identity = Buffer.from(text);
	}

	/** Returns the bytes of the body. */
	write(response: ServerResponse, acceptEncoding: string | undefined, maxAgeSeconds: number): number {
		const gzip = acceptsGzip(acceptEncoding);
		if (gzip) this.#gzip ??= gzipSync(this.#identity);
		const body = (gzip && this.#gzip) || this.#identity;
		const headers = {
			"content-type": "application/vnd.apple.mpegurl",
			"cache-control": `max-age=${maxAgeSeconds}`,
			vary: "Accept-Encoding",
			...(gzip && { "content-encoding": "gzip" }),
		};
		writeAnswer(response, 200, headers, [body]);
		return body.length;
	}
}

export function acceptsGzip(acceptEncoding = ""): boolean {
	return acceptEncoding.split(",").some((offer) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(offer));
}

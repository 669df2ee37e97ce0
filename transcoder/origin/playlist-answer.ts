import { gzipSync } from "node:zlib";
import { Answer, type AnswerKind } from "./answer.ts";

/** One version of a playlist, built once and given to everyone who asks for it. */
export class PlaylistAnswer {
	readonly #kind: AnswerKind;
	readonly #identity: Buffer;
	#gzip: Buffer | undefined;
	/** By the seconds caches may keep it. */
	readonly #answers = new Map<number, Answer>();

	constructor(kind: AnswerKind, text: string) {
		this.#kind = kind;
		this.#identity = Buffer.from(text);
	}

	keptFor(maxAgeSeconds: number): Answer {
		let answer = this.#answers.get(maxAgeSeconds);
		if (!answer) {
			answer = this.#build(maxAgeSeconds);
			this.#answers.set(maxAgeSeconds, answer);
		}
		return answer;
	}

	#build(maxAgeSeconds: number): Answer {
		const headers = {
			"content-type": "application/vnd.apple.mpegurl",
			"cache-control": `max-age=${maxAgeSeconds}`,
			vary: "Accept-Encoding",
		};
		const build = (body: Buffer, encoding: Record<string, string>, zipped?: () => Answer) =>
			new Answer({ kind: this.#kind, status: 200, headers: { ...headers, ...encoding }, body: [body] }, zipped);
		let zipped: Answer | undefined;
		return build(this.#identity, {}, () => {
			this.#gzip ??= gzipSync(this.#identity);
			zipped ??= build(this.#gzip, { "content-encoding": "gzip" });
			return zipped;
		});
	}
}

export function acceptsGzip(acceptEncoding = ""): boolean {
	return acceptEncoding.split(",").some((offer) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(offer));
}

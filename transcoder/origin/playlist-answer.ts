import { gzipSync } from "node:zlib";
import { Answer, type AnswerKind } from "./answer.ts";

/** Such a playlist is packed quickly rather than well: the same to a tenth, in a sixth of the time. */
const LONG_BYTES = 64 * 1024;

/** One version of a playlist, built once and given to everyone who asks for it. */
export class PlaylistAnswer {
	readonly #kind: AnswerKind;
	readonly #text: string;
	/** Of a long list most versions are asked for by nobody. */
	#identity: Buffer | undefined;
	#gzip: Buffer | undefined;
	/** By the seconds caches may keep it. */
	readonly #answers = new Map<number, Answer>();

	constructor(kind: AnswerKind, text: string) {
		this.#kind = kind;
		this.#text = text;
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
		this.#identity ??= Buffer.from(this.#text);
		const identity = this.#identity;
		return build(identity, {}, () => {
			this.#gzip ??= gzipSync(identity, { level: identity.length > LONG_BYTES ? 1 : 6 });
			zipped ??= build(this.#gzip, { "content-encoding": "gzip" });
			return zipped;
		});
	}
}

export function acceptsGzip(acceptEncoding = ""): boolean {
	return acceptEncoding.split(",").some((offer) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(offer));
}

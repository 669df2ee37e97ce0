import { STATUS_CODES } from "node:http";
import type { ProblemCode } from "../../core/protocol/problem.ts";
import { AppError } from "../../core/runtime/errors.ts";

export type AnswerKind = "multivariant" | "playlist" | "media" | "refused";

/** Bytes of a file that does not change, from `first` on. */
export interface FileRange {
	path: string;
	first: number;
	length: number;
}

interface AnswerParts {
	kind: AnswerKind;
	status: number;
	headers?: Record<string, string | number>;
	body?: Buffer[] | FileRange;
}

/** Players of any page may read everything, and what tells them how old an answer is. */
export const CORS_HEADERS = {
	"access-control-allow-origin": "*",
	"access-control-expose-headers": "Age, Date, Content-Length, Content-Range",
};

/**
 * One answer, which is built once and given to everyone who asks for the same. It knows nothing of connections: whoever
 * has one takes the message as it goes over the wire, or its parts.
 */
export class Answer {
	readonly kind: AnswerKind;
	readonly status: number;
	/** Without Date and Connection. */
	readonly headers: Readonly<Record<string, string | number>>;
	/** Empty when the body is a file's. */
	readonly chunks: readonly Buffer[];
	readonly file: FileRange | undefined;
	/** Bytes of the body. */
	readonly length: number;
	/** The same, as it goes to those who take gzip. */
	readonly #zipped: (() => Answer) | undefined;
	#headText = "";
	#built: { lines: string; head: Buffer; message: Buffer | undefined } | undefined;

	constructor({ kind, status, headers, body = [] }: AnswerParts, zipped?: () => Answer) {
		this.kind = kind;
		this.status = status;
		this.chunks = Array.isArray(body) ? body : [];
		this.file = Array.isArray(body) ? undefined : body;
		this.length = Array.isArray(body) ? body.reduce((sum, { length }) => sum + length, 0) : body.length;
		this.headers = { ...CORS_HEADERS, ...headers, "content-length": this.length };
		this.#zipped = zipped;
	}

	for(acceptsGzip: boolean): Answer {
		return (acceptsGzip && this.#zipped?.()) || this;
	}

	/** Status line and headers. `lines`: those of this moment, as they go over the wire, which are the same for many. */
	head(lines: string): Buffer {
		return this.#with(lines).head;
	}

	/** Head and body in one, for what is small and asked for by many; not of a file. */
	message(lines: string): Buffer {
		const built = this.#with(lines);
		built.message ??= Buffer.concat([built.head, ...this.chunks]);
		return built.message;
	}

	/** Other lines are a new buffer: the one before may still be on its way to somebody. */
	#with(lines: string) {
		if (this.#built?.lines !== lines) {
			this.#headText ||= headText(this.status, this.headers);
			const head = Buffer.from(`${this.#headText}${lines}\r\n`, "latin1");
			this.#built = { lines, head, message: undefined };
		}
		return this.#built;
	}
}

function headText(status: number, headers: Answer["headers"]): string {
	const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
	return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}`;
}

/**
 * A problem of our own making. It does not take the way over Fastify's error handler, which would write a log line: when
 * a programme ends, thousands may be refused at once.
 */
export function problemAnswer(error: AppError | ProblemCode): Answer {
	const problem = typeof error === "string" ? new AppError(error) : error;
	const unavailable = problem.status === 503;
	const headers = {
		"content-type": "application/problem+json",
		"cache-control": unavailable ? "no-store" : "max-age=1",
		...(unavailable && { "retry-after": 1 }),
	};
	const body = [Buffer.from(JSON.stringify(problem.toProblem()))];
	return new Answer({ kind: "refused", status: problem.status, headers, body });
}

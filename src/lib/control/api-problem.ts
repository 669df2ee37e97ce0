import { type ProblemCode, problemSchema, problems } from "../../../core/protocol/problem.ts";

/**
 * `unreachable`: no answer came at all; `unexpected-answer`: one that this page does not understand; `replaced`: the same
 * person went on elsewhere; `removed`: the host ended it; `no-screen`: the browser shares none.
 */
export type ApiProblemCode = ProblemCode | "unreachable" | "unexpected-answer" | "replaced" | "removed" | "no-screen";

/** Why a request was refused. `detail` (and `message`) is a sentence that can be shown; `status` is 0 without an answer. */
export class ApiProblem extends Error {
	readonly code: ApiProblemCode;
	readonly status: number;
	readonly detail: string;

	constructor(code: ApiProblemCode, status: number, detail: string, options?: ErrorOptions) {
		super(detail, options);
		this.name = "ApiProblem";
		this.code = code;
		this.status = status;
		this.detail = detail;
	}
}

/** Reads an error answer, RFC 9457 or whatever a proxy in between made of it. */
export async function problemOfAnswer(response: Response): Promise<ApiProblem> {
	const body = problemSchema.safeParse(await response.json().catch(() => undefined));
	if (body.success && body.data.code in problems) {
		const { code, title, detail } = body.data;
		return new ApiProblem(code as ProblemCode, response.status, `${detail ?? title}.`.replace(/([.!?])\.$/, "$1"));
	}
	const unavailable = response.status === 429 || response.status >= 500;
	return new ApiProblem(
		unavailable ? "unavailable" : "unexpected-answer",
		response.status,
		unavailable
			? "The server is busy or restarting. Please try again in a moment."
			: `The server answered in a way this page does not understand (${response.status}).`,
	);
}

/** What `fetch` throws, in words. */
export function problemOfFailure(cause: unknown): ApiProblem {
	const detail = "The server cannot be reached. Please check your connection and try again.";
	return new ApiProblem("unreachable", 0, detail, { cause });
}

/** A repetition of the same request cannot help. */
export function isFinal({ status }: ApiProblem): boolean {
	return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

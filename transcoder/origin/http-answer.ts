import type { ServerResponse } from "node:http";
import type { ProblemCode } from "../../core/protocol/problem.ts";
import { AppError } from "../../core/runtime/errors.ts";

/** Players of any page may read everything, and what tells them how old an answer is. */
export const CORS_HEADERS = {
	"access-control-allow-origin": "*",
	"access-control-expose-headers": "Age, Date, Content-Length, Content-Range",
};

/** Writes one answer; for HEAD, Node leaves the body out. Nothing is written when the client has gone. */
export function writeAnswer(
	response: ServerResponse,
	status: number,
	headers: Record<string, string | number>,
	chunks: Buffer[],
): void {
	if (response.destroyed) return;
	const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
	response.writeHead(status, { ...CORS_HEADERS, ...headers, "content-length": length });
	response.cork();
	for (const chunk of chunks) response.write(chunk);
	response.end();
	response.uncork();
}

/**
 * Answers with a problem of our own making. It does not take the way over an exception, which would write a log line: when
 * a programme ends, thousands may be refused at once.
 */
export function writeProblem(response: ServerResponse, error: AppError | ProblemCode): void {
	const problem = typeof error === "string" ? new AppError(error) : error;
	const unavailable = problem.status === 503;
	const headers = {
		"content-type": "application/problem+json",
		"cache-control": unavailable ? "no-store" : "max-age=1",
		...(unavailable && { "retry-after": 1 }),
	};
	writeAnswer(response, problem.status, headers, [Buffer.from(JSON.stringify(problem.toProblem()))]);
}

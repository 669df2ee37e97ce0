import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import type { ProblemCode } from "../protocol/problem.ts";
import { AppError } from "./errors.ts";
import { type Logger, loggableAddress } from "./log.ts";

const fastifyCodes: Record<string, ProblemCode> = {
	FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported-media-type",
	FST_ERR_CTP_BODY_TOO_LARGE: "body-too-large",
	FST_ERR_CTP_EMPTY_JSON_BODY: "invalid-body",
	FST_ERR_CTP_INVALID_JSON_BODY: "invalid-body",
	FST_ERR_CTP_INVALID_CONTENT_LENGTH: "bad-request",
};

/** Seconds. Sessions end more slowly than a restart takes; a publisher is expected any moment. */
const retryAfter: Partial<Record<ProblemCode, number>> = { unavailable: 2, "server-busy": 10, "no-source": 2 };

/** The one place where an error becomes an answer: `application/problem+json` (RFC 9457) with a stable code. */
export function answerWithProblems(app: FastifyInstance, log: Logger): void {
	app.setErrorHandler((error, request, reply) => answerWith(toAppError(error), request, reply, log));
}

/** For the `frameworkErrors` option of `fastify()`: addresses the router cannot read, which reach no error handler. */
export function answerFrameworkErrors(log: Logger) {
	return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
		answerWith(toAppError(error), request, reply, log);
	};
}

function answerWith(error: AppError, request: FastifyRequest, reply: FastifyReply, log: Logger): FastifyReply {
	const about = {
		method: request.method,
		path: loggableAddress(request.url),
		code: error.code,
		status: error.status,
	};
	if (error.status >= 500) log.error({ ...about, err: error.cause ?? error }, "request failed");
	else log.info({ ...about, detail: error.message }, "request refused");
	if (error.status === 401) reply.header("www-authenticate", "Bearer");
	const retryAfterS = retryAfter[error.code];
	if (retryAfterS !== undefined) reply.header("retry-after", String(retryAfterS));
	return reply.code(error.status).type("application/problem+json").send(JSON.stringify(error.toProblem()));
}

export function toAppError(error: unknown): AppError {
	if (error instanceof AppError) return error;
	if (hasZodFastifySchemaValidationErrors(error)) {
		const where = (error as { validationContext?: string }).validationContext;
		const details = error.validation.map(
			(issue) => `${issue.instancePath.slice(1).replaceAll("/", ".") || where}: ${issue.message}`,
		);
		return new AppError(where === "body" ? "invalid-body" : "invalid-parameter", details.join("; ").slice(0, 1000));
	}
	if (error instanceof Error) {
		const { code = "", statusCode = 500 } = error as Error & { code?: string; statusCode?: number };
		const known = fastifyCodes[code];
		if (known) return new AppError(known, undefined, { cause: error });
		if (error instanceof SyntaxError && statusCode === 400)
			return new AppError("invalid-body", undefined, { cause: error });
		if (statusCode >= 400 && statusCode < 500) return new AppError("bad-request", undefined, { cause: error });
	}
	return new AppError("internal", undefined, { cause: error });
}

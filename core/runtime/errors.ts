import { type Problem, type ProblemCode, problems } from "../protocol/problem.ts";

/**
 * An error with a stable code. `message` is said to the client when the status is below 500, so it holds no secret;
 * `cause` goes to the log only.
 */
export class AppError extends Error {
	readonly code: ProblemCode;
	readonly status: number;

	constructor(code: ProblemCode, detail: string = problems[code][1], options?: ErrorOptions) {
		super(detail, options);
		this.name = "AppError";
		this.code = code;
		this.status = problems[code][0];
	}

	toProblem(): Problem {
		const [status, title] = problems[this.code];
		const body = { type: "about:blank", title, status, code: this.code };
		return status < 500 && this.message !== title ? { ...body, detail: this.message } : body;
	}
}

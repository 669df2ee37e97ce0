import fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { type ProblemCode, problems } from "../protocol/problem.ts";
import { AppError } from "./errors.ts";
import { createLog } from "./log.ts";
import { answerFrameworkErrors, answerWithProblems } from "./problem-answers.ts";

let app: FastifyInstance;
let lines: Record<string, unknown>[];
let thrown: unknown;
beforeEach(() => {
	lines = [];
	const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
	const log = createLog({ level: "info", pretty: false, stream });
	app = fastify({ frameworkErrors: answerFrameworkErrors(log), bodyLimit: 100 });
	app.setValidatorCompiler(validatorCompiler);
	app.setSerializerCompiler(serializerCompiler);
	answerWithProblems(app, log);
	const typed = app.withTypeProvider<ZodTypeProvider>();
	typed.get("/throw/:id", async () => {
		throw thrown;
	});
	typed.post(
		"/body",
		{
			schema: {
				body: z.strictObject({ list: z.array(z.object({ size: z.number() })) }),
				querystring: z.object({ limit: z.coerce.number().optional() }),
			},
		},
		async () => "fine",
	);
});
afterEach(() => app.close());

async function answerTo(error: unknown) {
	thrown = error;
	return app.inject("/throw/one?token=s3cret");
}

test("an AppError is answered with its status, code and detail", async () => {
	const response = await answerTo(new AppError("webinar-live", "It started at noon"));
	expect(response.statusCode).toBe(409);
	expect(response.headers["content-type"]).toMatch(/^application\/problem\+json/);
	expect(response.json()).toEqual({
		type: "about:blank",
		title: "The webinar is live",
		status: 409,
		code: "webinar-live",
		detail: "It started at noon",
	});
	expect(lines).toMatchObject([{ level: 30, method: "GET", path: "/throw/one", code: "webinar-live", status: 409 }]);
});

test("every code has a status that HTTP knows as an error", async () => {
	for (const code of Object.keys(problems) as ProblemCode[]) {
		const response = await answerTo(new AppError(code));
		expect(response.statusCode).toBe(problems[code][0]);
		expect(response.json()).toEqual({ type: "about:blank", title: problems[code][1], status: problems[code][0], code });
	}
});

test("who is to name themselves, or to come later, is told how", async () => {
	expect((await answerTo(new AppError("token-missing"))).headers["www-authenticate"]).toBe("Bearer");
	expect((await answerTo(new AppError("unavailable"))).headers["retry-after"]).toBe("2");
});

describe("nothing of ours leaks", () => {
	test.each([new Error("password is s3cret"), "a string", { statusCode: 503 }, new AppError("internal", "s3cret")])(
		"of %s",
		async (error) => {
			const response = await answerTo(error);
			expect(response.json()).toEqual({
				type: "about:blank",
				title: "Something went wrong on the server",
				status: 500,
				code: "internal",
			});
		},
	);

	test("but the log has it", async () => {
		await answerTo(new Error("disk full"));
		expect(lines).toMatchObject([{ level: 50, path: "/throw/one", err: { message: "disk full" } }]);
	});
});

describe("what Fastify refuses", () => {
	const post = (payload: string, type = "application/json", query = "") =>
		app.inject({ method: "POST", url: `/body${query}`, payload, headers: { "content-type": type } });

	test.each([
		["half JSON", '{"list":', "application/json", "", 400, "invalid-body"],
		["an empty body", "", "application/json", "", 400, "invalid-body"],
		["a prototype", '{"list":[],"__proto__":{}}', "application/json", "", 400, "invalid-body"],
		["a bad parameter", '{"list":[]}', "application/json", "?limit=x", 400, "invalid-parameter"],
		["an unknown type", "<x/>", "application/xml", "", 415, "unsupported-media-type"],
		["too much", `{"list":[${"0,".repeat(100)}0]}`, "application/json", "", 413, "body-too-large"],
	])("for %s has its code", async (_what, payload, type, query, status, code) => {
		const response = await post(payload, type, query);
		expect([response.statusCode, response.json().code]).toEqual([status, code]);
		expect(response.headers["content-type"]).toMatch(/^application\/problem\+json/);
	});

	test("for a field names the field", async () => {
		const { code, detail } = (await post('{"list":[{"size":1},{"size":"2"}]}')).json();
		expect([code, detail]).toEqual(["invalid-body", expect.stringMatching(/^list\.1\.size: .*number/)]);
	});

	test.each(["/throw/%zz", `/throw/${"x".repeat(200)}`])("for the address %s is a problem too", async (url) => {
		const response = await app.inject(url);
		expect([response.statusCode, response.json().code]).toEqual([400, "bad-request"]);
		expect(response.headers["content-type"]).toMatch(/^application\/problem\+json/);
	});
});

import type { FastifyInstance } from "fastify";
import { AppError } from "../core/runtime/errors.ts";

const bodyMethods = ["POST", "PUT", "PATCH", "DELETE"];

/** 405 with `Allow` for the methods `url` does not take. `allowed`: all it takes, OPTIONS included. */
export function refuseOtherMethods(app: FastifyInstance, url: string, allowed: readonly string[]): void {
	const refused = [...bodyMethods, ...(allowed.includes("GET") ? [] : ["GET"])].filter(
		(method) => !allowed.includes(method),
	);
	app.route({
		method: refused,
		url,
		// Whatever the body is, it is the method that is wrong.
		onRequest: async (_request, reply) => {
			reply.header("allow", allowed.join(", "));
			throw new AppError("method-not-allowed");
		},
		handler: async () => {},
	});
}

/** What a preflight (https://fetch.spec.whatwg.org) and a discovery of `Accept-Post` get. */
export function optionsHeaders(allowed: readonly string[], acceptPost?: string): Record<string, string> {
	return {
		"access-control-allow-methods": allowed.join(", "),
		"access-control-allow-headers": "Authorization, Content-Type, If-Match",
		"access-control-max-age": "600",
		...(acceptPost ? { "accept-post": acceptPost } : {}),
	};
}

import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { clockSchema } from "../../core/protocol/clock.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { problemResponses } from "./problem-responses.ts";

/** For players without a connection for events: how far they are from live is told by the server's clock. */
export function clockRoute({ clock }: { clock: Clock }): FastifyPluginAsyncZod {
	return async (app) => {
		app.get(
			"/clock",
			{ schema: { summary: "Read the server's clock (anyone)", response: { 200: clockSchema, ...problemResponses } } },
			async (_request, reply) => {
				reply.header("cache-control", "no-store");
				return { now: clock.now() };
			},
		);
	};
}

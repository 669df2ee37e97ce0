import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import * as z from "zod";
import { programmeLogSchema } from "../../core/protocol/programme-log.ts";
import type { Access } from "../access.ts";
import { decodeLogCursor, type ProgrammeLog } from "../programme-log.ts";
import type { Webinars } from "../webinars.ts";
import { webinarParams } from "./params.ts";
import { bearerSecurity, problemResponses } from "./problem-responses.ts";

const logQuery = z.object({
	limit: z.coerce.number().int().min(1).max(500).default(100),
	next: z.string().max(200).optional().describe("`next` of the page before"),
});

/** What a webinar's programme showed. */
export function programmeLogRoutes({
	access,
	webinars,
	programmeLog,
}: {
	access: Access;
	webinars: Webinars;
	programmeLog: ProgrammeLog;
}): FastifyPluginAsyncZod {
	return async (app) => {
		app.get(
			"/webinars/:id/programme-log",
			{
				schema: {
					summary: "Read who was on air, in which layout, and who spoke, by the programme's time, oldest first (host)",
					security: bearerSecurity,
					params: webinarParams,
					querystring: logQuery,
					response: { 200: programmeLogSchema, ...problemResponses },
				},
				onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
			},
			async ({ params, query: { limit, next } }) => {
				const { id } = await webinars.get(params.id);
				return programmeLog.list(id, { limit, after: next === undefined ? undefined : decodeLogCursor(next) });
			},
		);
	};
}

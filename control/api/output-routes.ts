import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import * as z from "zod";
import { createOutputSchema, MAX_OUTPUTS, outputSchema } from "../../core/protocol/outputs.ts";
import { AppError } from "../../core/runtime/errors.ts";
import type { Access } from "../access.ts";
import type { Outputs } from "../programme/outputs.ts";
import type { Webinars } from "../webinars.ts";
import { outputParams, webinarParams } from "./params.ts";
import { bearerSecurity, problemResponses } from "./problem-responses.ts";

/** Where the programme is sent besides. */
export function outputRoutes({
	access,
	webinars,
	outputs,
}: {
	access: Access;
	webinars: Webinars;
	outputs: Outputs;
}): FastifyPluginAsyncZod {
	return async (app) => {
		app.get(
			"/webinars/:id/outputs",
			{
				schema: {
					summary: "Where the programme is sent besides, and how that goes (host)",
					security: bearerSecurity,
					params: webinarParams,
					response: { 200: z.object({ items: z.array(outputSchema) }), ...problemResponses },
				},
				onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
			},
			async (request) => ({ items: await outputs.list((await webinars.get(request.params.id)).id) }),
		);

		app.post(
			"/webinars/:id/outputs",
			{
				schema: {
					summary: `Send the programme to an RTMP or SRT server, too: ${MAX_OUTPUTS} at most (host)`,
					description: "The URL holds a secret, so it is not read back: answers name its server alone.",
					security: bearerSecurity,
					params: webinarParams,
					body: createOutputSchema,
					response: { 201: outputSchema, ...problemResponses },
				},
				onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
			},
			async (request, reply) => {
				const { id, state } = await webinars.get(request.params.id);
				if (state === "ended") throw new AppError("webinar-ended");
				return reply.code(201).send(await outputs.add(id, request.body));
			},
		);

		app.delete(
			"/webinars/:id/outputs/:outputId",
			{
				schema: {
					summary: "Send the programme there no more, and forget its secret (host)",
					security: bearerSecurity,
					params: outputParams,
					response: { 204: z.null(), ...problemResponses },
				},
				onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
			},
			async (request, reply) => {
				const { id } = await webinars.get(request.params.id);
				await outputs.remove(id, request.params.outputId);
				return reply.code(204).send(null);
			},
		);
	};
}

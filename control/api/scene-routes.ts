import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { directedSceneSchema, patchSceneSchema } from "../../core/protocol/scene-direction.ts";
import type { Access } from "../access.ts";
import type { Stages } from "../stage/stages.ts";
import type { Webinars } from "../webinars.ts";
import { webinarParams } from "./params.ts";
import { bearerSecurity, problemResponses } from "./problem-responses.ts";

/** What the host does with the programme. */
export function sceneRoutes({
	access,
	webinars,
	stages,
}: {
	access: Access;
	webinars: Webinars;
	stages: Stages;
}): FastifyPluginAsyncZod {
	return async (app) => {
		app.get(
			"/webinars/:id/scene",
			{
				schema: {
					summary: "The programme as it should be now (host)",
					security: bearerSecurity,
					params: webinarParams,
					response: { 200: directedSceneSchema, ...problemResponses },
				},
				onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
			},
			async (request) => (await stages.ready(await webinars.get(request.params.id))).directedScene,
		);

		app.patch(
			"/webinars/:id/scene",
			{
				schema: {
					summary: "Change layout, pin, lower third, title or slate of the programme (host)",
					description:
						"What is left out stays as it is. `slate` null: it follows the webinar. Who is pinned must be on stage (else 409 not-on-stage).",
					security: bearerSecurity,
					params: webinarParams,
					body: patchSceneSchema,
					response: { 200: directedSceneSchema, ...problemResponses },
				},
				onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
			},
			async (request) => stages.direct(await webinars.get(request.params.id), request.body),
		);
	};
}

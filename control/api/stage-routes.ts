import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import * as z from "zod";
import { handSchema, patchStagePersonSchema, stagePersonSchema, stageSchema } from "../../core/protocol/stage.ts";
import { AppError } from "../../core/runtime/errors.ts";
import type { Access } from "../access.ts";
import type { Invitations } from "../invitations.ts";
import type { People } from "../people.ts";
import type { Stages } from "../stage/stages.ts";
import type { WebinarStage } from "../stage/webinar-stage.ts";
import type { Webinars } from "../webinars.ts";
import { personParams, webinarParams } from "./params.ts";
import { bearerSecurity, problemResponses } from "./problem-responses.ts";

/** Who is on stage, and who comes on it. */
export function stageRoutes({
	access,
	webinars,
	people,
	invitations,
	stages,
}: {
	access: Access;
	webinars: Webinars;
	people: People;
	invitations: Invitations;
	stages: Stages;
}): FastifyPluginAsyncZod {
	async function stageOf(webinarId: string): Promise<WebinarStage> {
		return stages.open(await webinars.get(webinarId));
	}

	return async (app) => {
		app.get(
			"/webinars/:id/stage",
			{
				schema: {
					summary: "Who publishes now (host, presenter)",
					security: bearerSecurity,
					params: webinarParams,
					response: { 200: stageSchema, ...problemResponses },
				},
				onRequest: (request) => access.requireStage(request.headers.authorization, request.params.id),
			},
			async (request) => (await stageOf(request.params.id)).stage,
		);

		app.post(
			"/webinars/:id/stage/:personId",
			{
				schema: {
					summary: "Accept a raised hand: offer that person the stage (host)",
					security: bearerSecurity,
					params: personParams,
					response: { 200: handSchema, ...problemResponses },
				},
				onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
			},
			async (request) => {
				const { id, personId } = request.params;
				const stage = await stageOf(id);
				const person = await people.find(id, personId);
				if (!person) throw new AppError("person-unknown");
				return stage.acceptHand(personId, await invitations.promote(id, person));
			},
		);

		app.patch(
			"/webinars/:id/stage/:personId",
			{
				schema: {
					summary: "Bring someone on stage into the programme, or hold them backstage (host)",
					security: bearerSecurity,
					params: personParams,
					body: patchStagePersonSchema,
					response: { 200: stagePersonSchema, ...problemResponses },
				},
				onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
			},
			async (request) => {
				const { id, personId } = request.params;
				return (await stageOf(id)).setOnAir(personId, request.body.onAir);
			},
		);

		app.delete(
			"/webinars/:id/stage/:personId",
			{
				schema: {
					summary: "Take someone off the stage, or their hand down (host)",
					description:
						"A guest goes back to the audience. An invited presenter is disconnected, and may publish again.",
					security: bearerSecurity,
					params: personParams,
					response: { 204: z.null(), ...problemResponses },
				},
				onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
			},
			async (request, reply) => {
				const { id, personId } = request.params;
				(await stageOf(id)).remove(personId);
				return reply.code(204).send(null);
			},
		);
	};
}

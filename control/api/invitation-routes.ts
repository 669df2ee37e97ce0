import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { createInvitationSchema, invitationSchema, joinAudienceSchema } from "../../core/protocol/webinar.ts";
import { AppError } from "../../core/runtime/errors.ts";
import type { Access } from "../access.ts";
import type { Invitations } from "../invitations.ts";
import type { Webinars } from "../webinars.ts";
import { webinarParams } from "./params.ts";
import { bearerSecurity, problemResponses } from "./problem-responses.ts";

/** How people get their tokens. */
export function invitationRoutes({
	access,
	webinars,
	invitations,
}: {
	access: Access;
	webinars: Webinars;
	invitations: Invitations;
}): FastifyPluginAsyncZod {
	return async (app) => {
		app.post(
			"/webinars/:id/invitations",
			{
				schema: {
					summary: "Invite someone (host)",
					security: bearerSecurity,
					params: webinarParams,
					body: createInvitationSchema,
					response: { 201: invitationSchema, ...problemResponses },
				},
				onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
			},
			async (request, reply) => {
				const { id } = await webinars.get(request.params.id);
				return reply.code(201).send(await invitations.invite(id, request.body));
			},
		);

		app.post(
			"/webinars/:id/audience",
			{
				schema: {
					summary: "Take a seat in the audience of a public webinar (anyone)",
					params: webinarParams,
					body: joinAudienceSchema,
					response: { 201: invitationSchema, ...problemResponses },
				},
			},
			async (request, reply) => {
				const { id, state, access: who } = await webinars.get(request.params.id);
				if (who === "private") throw new AppError("invitation-needed");
				if (state === "ended") throw new AppError("webinar-ended");
				return reply.code(201).send(await invitations.seat(id, request.body.name));
			},
		);
	};
}

import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import * as z from "zod";
import {
	createWebinarSchema,
	patchWebinarSchema,
	playbackAddressSchema,
	webinarListSchema,
	webinarSchema,
} from "../../core/protocol/webinar.ts";
import type { Access } from "../access.ts";
import type { Playback } from "../playback.ts";
import { decodeCursor, type Webinars } from "../webinars.ts";
import { webinarParams } from "./params.ts";
import { bearerSecurity, problemResponses } from "./problem-responses.ts";

const listQuery = z.object({
	limit: z.coerce.number().int().min(1).max(100).default(50),
	next: z.string().max(200).optional().describe("`next` of the page before"),
});

/** Creating, reading, changing, starting and ending webinars. */
export function webinarRoutes({
	access,
	webinars,
	playback,
}: {
	access: Access;
	webinars: Webinars;
	playback: Playback;
}): FastifyPluginAsyncZod {
	return async (app) => {
		app.post(
			"/webinars",
			{
				schema: {
					summary: "Create a webinar (server's owner)",
					security: bearerSecurity,
					body: createWebinarSchema,
					response: { 201: webinarSchema, ...problemResponses },
				},
				onRequest: (request) => access.requireAdmin(request.headers.authorization),
			},
			async (request, reply) => reply.code(201).send(await webinars.create(request.body)),
		);

		app.get(
			"/webinars",
			{
				schema: {
					summary: "List webinars, newest first (server's owner)",
					security: bearerSecurity,
					querystring: listQuery,
					response: { 200: webinarListSchema, ...problemResponses },
				},
				onRequest: (request) => access.requireAdmin(request.headers.authorization),
			},
			({ query: { limit, next } }) =>
				webinars.list({ limit, after: next === undefined ? undefined : decodeCursor(next) }),
		);

		app.get(
			"/webinars/:id",
			{
				schema: {
					summary: "Read a webinar (anyone)",
					params: webinarParams,
					response: { 200: webinarSchema, ...problemResponses },
				},
			},
			(request) => webinars.get(request.params.id),
		);

		app.patch(
			"/webinars/:id",
			{
				schema: {
					summary: "Change the title, the planned start, or who may watch (host)",
					description: "Who has a seat in a public webinar keeps it when that becomes private.",
					security: bearerSecurity,
					params: webinarParams,
					body: patchWebinarSchema,
					response: { 200: webinarSchema, ...problemResponses },
				},
				onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
			},
			(request) => webinars.patch(request.params.id, request.body),
		);

		app.get(
			"/webinars/:id/playback-address",
			{
				schema: {
					summary: "Where to play the programme from (anyone; of a private webinar anyone's token of it)",
					description:
						"The address of a private webinar is the same for everyone for some hours, and opens it for whoever has it.",
					security: [{}, ...bearerSecurity],
					params: webinarParams,
					response: { 200: playbackAddressSchema, ...problemResponses },
				},
			},
			async (request, reply) => {
				const { id, access: who } = await webinars.get(request.params.id);
				if (who === "private") await access.requireAudience(request.headers.authorization, id);
				return reply.header("cache-control", "no-store").send(playback.addressOf(id, who));
			},
		);

		app.delete(
			"/webinars/:id",
			{
				schema: {
					summary: "Delete a webinar that is not live, with everyone's tokens (host)",
					security: bearerSecurity,
					params: webinarParams,
					response: { 204: z.null(), ...problemResponses },
				},
				onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
			},
			async (request, reply) => {
				await webinars.delete(request.params.id);
				return reply.code(204).send(null);
			},
		);

		for (const step of ["start", "end"] as const) {
			app.post(
				`/webinars/:id/${step}`,
				{
					schema: {
						summary: step === "start" ? "Go live (host)" : "End the webinar for everyone (host)",
						security: bearerSecurity,
						params: webinarParams,
						response: { 200: webinarSchema, ...problemResponses },
					},
					onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
				},
				(request) => webinars[step](request.params.id),
			);
		}
	};
}

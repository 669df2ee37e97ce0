import type { FastifyPluginAsync } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import * as z from "zod";
import {
	brandImageNameSchema,
	brandImageTypeSchema,
	brandInfoSchema,
	MAX_BRAND_IMAGE_BYTES,
	putBrandSchema,
} from "../../core/protocol/brand.ts";
import type { Access } from "../access.ts";
import type { Brands } from "../programme/brands.ts";
import type { Webinars } from "../webinars.ts";
import { webinarParams } from "./params.ts";
import { bearerSecurity, problemResponses } from "./problem-responses.ts";

/** For the OpenAPI document; what they are is looked at later. */
const imageBytes = z.any().describe("The image's bytes");

interface BrandParts {
	access: Access;
	webinars: Webinars;
	brands: Brands;
}

/** How the programme looks. */
export function brandRoutes(parts: BrandParts): FastifyPluginAsync {
	return async (app) => {
		await app.register(colourRoutes(parts));
		await app.register(imageRoutes(parts));
	};
}

function colourRoutes({ access, webinars, brands }: BrandParts): FastifyPluginAsyncZod {
	return async (app) => {
		app.get(
			"/webinars/:id/brand",
			{
				schema: {
					summary: "How the programme looks (host)",
					security: bearerSecurity,
					params: webinarParams,
					response: { 200: brandInfoSchema, ...problemResponses },
				},
				onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
			},
			async (request) => brands.info((await webinars.get(request.params.id)).id),
		);

		app.put(
			"/webinars/:id/brand",
			{
				schema: {
					summary: "Set the programme's colours (host)",
					security: bearerSecurity,
					params: webinarParams,
					body: putBrandSchema,
					response: { 200: brandInfoSchema, ...problemResponses },
				},
				onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
			},
			async (request) => brands.setColours((await webinars.get(request.params.id)).id, request.body),
		);
	};
}

function imageRoutes({ access, webinars, brands }: BrandParts): FastifyPluginAsyncZod {
	const types = brandImageTypeSchema.options;
	return async (app) => {
		app.removeAllContentTypeParsers();
		app.addContentTypeParser(
			[...types],
			{ parseAs: "buffer", bodyLimit: MAX_BRAND_IMAGE_BYTES },
			(_request, body, done) => done(null, body),
		);

		for (const name of brandImageNameSchema.options) {
			const url = `/webinars/:id/brand/${name}`;
			const words = name === "logo" ? "logo" : "background image";

			app.get(
				url,
				{
					schema: {
						summary: `The programme's ${words}, as it was uploaded (host)`,
						security: bearerSecurity,
						params: webinarParams,
						response: { 200: imageBytes, ...problemResponses },
					},
					onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
				},
				async (request, reply) => {
					const { id } = await webinars.get(request.params.id);
					const { type, bytes } = await brands.image(id, name);
					return reply
						.type(type)
						.header("cache-control", "no-store")
						.header("x-content-type-options", "nosniff")
						.send(bytes);
				},
			);

			app.put(
				url,
				{
					schema: {
						summary: `Set the programme's ${words}: PNG, JPEG or WebP, at most 1 MiB (host)`,
						security: bearerSecurity,
						consumes: [...types],
						params: webinarParams,
						body: imageBytes,
						response: { 200: brandInfoSchema, ...problemResponses },
					},
					onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
				},
				async (request) => {
					const { id } = await webinars.get(request.params.id);
					const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase() ?? "";
					return brands.setImage(id, name, { type, bytes: request.body as Buffer });
				},
			);

			app.delete(
				url,
				{
					schema: {
						summary: `Show no ${words} (host)`,
						security: bearerSecurity,
						params: webinarParams,
						response: { 204: z.null(), ...problemResponses },
					},
					onRequest: (request) => access.requireHost(request.headers.authorization, request.params.id),
				},
				async (request, reply) => {
					const { id } = await webinars.get(request.params.id);
					await brands.removeImage(id, name);
					return reply.code(204).send(null);
				},
			);
		}
	};
}

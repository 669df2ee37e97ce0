import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyPluginAsync } from "fastify";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import type { Clock } from "../../core/runtime/clock.ts";
import type { Access } from "../access.ts";
import type { Audiences } from "../audience/audiences.ts";
import type { EventFeed } from "../events/event-feed.ts";
import type { Invitations } from "../invitations.ts";
import type { People } from "../people.ts";
import type { Playback } from "../playback.ts";
import type { Brands } from "../programme/brands.ts";
import type { Outputs } from "../programme/outputs.ts";
import type { ProgrammeLog } from "../programme-log.ts";
import type { Stages } from "../stage/stages.ts";
import type { Webinars } from "../webinars.ts";
import { brandRoutes } from "./brand-routes.ts";
import { clockRoute } from "./clock-route.ts";
import { eventRoute } from "./event-route.ts";
import { invitationRoutes } from "./invitation-routes.ts";
import { outputRoutes } from "./output-routes.ts";
import { playbackRoutes } from "./playback-routes.ts";
import { programmeLogRoutes } from "./programme-log-routes.ts";
import { sceneRoutes } from "./scene-routes.ts";
import { stageRoutes } from "./stage-routes.ts";
import { webinarRoutes } from "./webinar-routes.ts";

const MAX_BODY_BYTES = 64 * 1024;

export interface ApiParts {
	access: Access;
	webinars: Webinars;
	people: People;
	playback: Playback;
	invitations: Invitations;
	stages: Stages;
	programmeLog: ProgrammeLog;
	brands: Brands;
	outputs: Outputs;
	events: EventFeed;
	/** Undefined: players are not to report. */
	audiences: Audiences | undefined;
	clock: Clock;
}

/** Everything under the prefix it is registered with: the routes, and their description at `/docs`. */
export function createApi(parts: ApiParts): FastifyPluginAsync {
	return async (app) => {
		// JSON and nothing else, whatever the whole server takes.
		app.removeAllContentTypeParsers();
		app.addContentTypeParser(
			"application/json",
			{ parseAs: "string", bodyLimit: MAX_BODY_BYTES },
			app.getDefaultJsonParser("error", "error"),
		);

		await app.register(swagger, {
			openapi: {
				openapi: "3.1.0",
				info: { title: "Rostrum", description: "The webinar API. Errors are RFC 9457 problems.", version: "1" },
				components: { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
			},
			transform: jsonSchemaTransform,
		});
		await app.register(swaggerUi, { routePrefix: "/docs" });

		await app.register(webinarRoutes(parts));
		await app.register(invitationRoutes(parts));
		await app.register(stageRoutes(parts));
		await app.register(sceneRoutes(parts));
		await app.register(brandRoutes(parts));
		await app.register(outputRoutes(parts));
		await app.register(programmeLogRoutes(parts));
		await app.register(eventRoute(parts));
		await app.register(clockRoute(parts));
		const { audiences, clock } = parts;
		if (audiences) await app.register(playbackRoutes({ audiences, clock }));
	};
}

import type { Server } from "node:http";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import websocket from "@fastify/websocket";
import type { FastifyPluginAsync } from "fastify";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import { AppError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { Access } from "../access.ts";
import type { EventFeed } from "../events/event-feed.ts";
import type { Invitations } from "../invitations.ts";
import type { People } from "../people.ts";
import type { Stages } from "../stage/stages.ts";
import type { Webinars } from "../webinars.ts";
import { eventRoute } from "./event-route.ts";
import { invitationRoutes } from "./invitation-routes.ts";
import { stageRoutes } from "./stage-routes.ts";
import { webinarRoutes } from "./webinar-routes.ts";

const MAX_BODY_BYTES = 64 * 1024;
/** The longest message a client has to say is some dozen bytes. */
const MAX_MESSAGE_BYTES = 16 * 1024;

export interface ApiParts {
	access: Access;
	webinars: Webinars;
	people: People;
	invitations: Invitations;
	stages: Stages;
	events: EventFeed;
	log: Logger;
}

/** Everything under the prefix it is registered with: routes, WebSocket, and their description at `/docs`. */
export function createApi(parts: ApiParts): FastifyPluginAsync {
	return async (app) => {
		// JSON and nothing else, whatever the whole server takes.
		app.removeAllContentTypeParsers();
		app.addContentTypeParser(
			"application/json",
			{ parseAs: "string", bodyLimit: MAX_BODY_BYTES },
			app.getDefaultJsonParser("error", "error"),
		);

		takeUpgradesFor(app.server, /^\/api\/webinars\/[^/]+\/events(\?|$)/);
		await app.register(websocket, {
			options: { maxPayload: MAX_MESSAGE_BYTES },
			// The library has sent the close code by now; what the client did wrong is no error of ours.
			errorHandler: (error) => parts.log.debug({ err: error }, "a WebSocket failed"),
			preClose: () => parts.events.close(),
		});
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
		await app.register(eventRoute(parts));
		app.all("/*", { schema: { hide: true } }, async () => {
			throw new AppError("not-found");
		});
	};
}

/**
 * Everywhere else a request for an upgrade is served as if it had not asked. @fastify/websocket would run other routes with
 * the bare socket, which nobody then closes.
 */
function takeUpgradesFor(server: unknown, address: RegExp): void {
	// An option of http.createServer (Node 24.9) that the server keeps as this property; the types know the option only.
	const upgrading = server as Server & { shouldUpgradeCallback: (request: { url?: string }) => boolean };
	upgrading.shouldUpgradeCallback = (request) => address.test(request.url ?? "");
}

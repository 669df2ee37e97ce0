import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import * as z from "zod";
import type { Person, Webinar } from "../../core/protocol/webinar.ts";
import { AppError } from "../../core/runtime/errors.ts";
import type { Access } from "../access.ts";
import type { EventFeed } from "../events/event-feed.ts";
import { webinarParams } from "./params.ts";
import { problemResponses } from "./problem-responses.ts";

const eventsQuery = z.object({ token: z.string().max(4096).optional() });

/** The WebSocket. A token that will not do is answered before the upgrade, with a problem as everywhere. */
export function eventRoute({ access, events }: { access: Access; events: EventFeed }): FastifyPluginAsyncZod {
	return async (app) => {
		const identities = new WeakMap<object, { person: Person; webinar: Webinar }>();
		app.route({
			method: "GET",
			url: "/webinars/:id/events",
			schema: {
				summary: "Events of the webinar, both ways (anyone's token of this webinar)",
				description: "A WebSocket: one JSON object with a `type` in each text message.",
				params: webinarParams,
				querystring: eventsQuery,
				response: problemResponses,
			},
			preHandler: async (request) => {
				identities.set(request, await access.identify(request.query.token, request.params.id));
			},
			handler: async () => {
				throw new AppError("bad-request", "This address takes a WebSocket only");
			},
			wsHandler: (socket, request) => {
				const identity = identities.get(request);
				if (identity) events.connect(socket, identity.person, identity.webinar);
				else socket.terminate();
			},
		});
	};
}

import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { playbackAdviceSchema, playbackReportSchema } from "../../core/protocol/playback.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { AppError } from "../../core/runtime/errors.ts";
import { addressKey, RequestLimiter } from "../../core/runtime/request-limiter.ts";
import type { Audiences } from "../audience/audiences.ts";
import { webinarParams } from "./params.ts";
import { problemResponses } from "./problem-responses.ts";

const MAX_REPORT_BYTES = 1024;
/** Of one address, behind which a whole company may sit, or a proxy with everybody. */
const ADDRESS_LIMIT = { burst: 500, perSecond: 200 };

/** What viewers' players report. Open to anyone, as watching is. */
export function playbackRoutes({ audiences, clock }: { audiences: Audiences; clock: Clock }): FastifyPluginAsyncZod {
	const limiter = new RequestLimiter(ADDRESS_LIMIT, { clock });
	return async (app) => {
		app.post(
			"/webinars/:id/playback",
			{
				bodyLimit: MAX_REPORT_BYTES,
				schema: {
					summary: "Report how the programme plays (anyone)",
					description:
						"Figures without a name, kept in memory while the player is open. The answer says when the next are due. 404 `not-found` where the server does not gather them.",
					params: webinarParams,
					body: playbackReportSchema,
					response: { 200: playbackAdviceSchema, ...problemResponses },
				},
				onRequest: async (request, reply) => {
					const waitS = limiter.take(addressKey(request.ip));
					if (waitS === 0) return;
					reply.header("retry-after", String(waitS));
					throw new AppError("too-many-requests");
				},
			},
			(request) => audiences.report(request.params.id, request.body),
		);
	};
}

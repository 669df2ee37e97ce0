import { problemSchema } from "../../core/protocol/problem.ts";

/** For the OpenAPI document: how every route says that something is wrong. */
export const problemResponses = {
	"4xx": {
		description: "RFC 9457 problem with a stable code",
		content: { "application/problem+json": { schema: problemSchema } },
	},
};

/** For the OpenAPI document: the route takes a Bearer token. */
export const bearerSecurity = [{ bearer: [] }];

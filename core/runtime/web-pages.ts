import type { IncomingMessage, ServerResponse } from "node:http";
import { pathToFileURL } from "node:url";
import type { FastifyInstance } from "fastify";

type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/**
 * Serves the built SvelteKit app for every GET that nothing else answers. `handlerPath`: build/handler.js.
 * @throws when the app has not been built
 */
export async function mountWebPages(app: FastifyInstance, handlerPath: string, publicUrl: string): Promise<void> {
	// The adapter reads the environment when it is loaded; without ORIGIN it would take every request for https.
	process.env["ORIGIN"] ??= new URL(publicUrl).origin;
	const { handler } = (await import(pathToFileURL(handlerPath).href)) as { handler: Handler };
	app.get("/*", { logLevel: "silent" }, (request, reply) => {
		reply.hijack();
		const { raw } = reply;
		raw.setHeader("x-content-type-options", "nosniff");
		raw.setHeader("referrer-policy", "same-origin");
		// Only the embedded player may be framed by other sites: a framed host page could be clicked through.
		if (!request.url.startsWith("/embed/")) raw.setHeader("content-security-policy", "frame-ancestors 'self'");
		handler(request.raw, raw, () => {
			raw.statusCode = 404;
			raw.end();
		});
	});
}

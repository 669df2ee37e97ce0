import { type DestinationStream, type Logger, pino } from "pino";

export type { Logger };

/** The root logger: JSON lines, or readable lines when `pretty`. Parts take a child with `{component}` and their ids. */
export function createLog({
	level,
	pretty,
	stream,
}: {
	level: string;
	pretty: boolean;
	stream?: DestinationStream;
}): Logger {
	const options = {
		level,
		base: null,
		redact: {
			paths: ["token", "*.token", "authorization", "*.authorization", "req.headers.authorization"],
			censor: "[redacted]",
		},
	};
	if (stream) return pino(options, stream);
	if (!pretty) return pino(options);
	return pino({
		...options,
		transport: { target: "pino-pretty", options: { ignore: "pid,hostname", translateTime: "HH:MM:ss.l" } },
	});
}

/** A request's address without what gives rights: a query may hold a token, the rest of a media session's is one, `~…` a pass. */
export function loggableAddress(url: string): string {
	const [path = ""] = url.split("?", 1);
	return path
		.replace(/^(\/wh[ie]p\/[^/]*\/).+$/, "$1[redacted]")
		.replace(/^(\/live\/[^/]*\/(?:~|%7e))[^/]*/i, "$1[redacted]");
}

import * as z from "zod";

const roles = ["control", "ingest", "transcoder", "web"] as const;

const port = z
	.string()
	.regex(/^\d+$/, "must be a port number")
	.transform(Number)
	.refine((value) => value <= 65535, "must be at most 65535");

/** Set, but for something this version cannot do: better said at the start than ignored. */
const notYet = (what: string) =>
	z.undefined({ error: `is set, but ${what} is not part of this version; unset it` }).optional();

const environmentSchema = z.object({
	/** TCP port of everything over HTTP; 0 takes any free one. */
	PORT: port.default(8080),
	/** First UDP port for media. */
	MEDIA_PORT: port.default(8189),
	/** Where people reach this server, no slash at the end. */
	PUBLIC_URL: z
		.url({ protocol: /^https?$/, error: "must be an http or https URL" })
		.transform((value) => value.replace(/\/+$/, ""))
		.optional(),
	DATA_DIR: z.string().min(1).default("./data"),
	ADMIN_TOKEN: z.string().min(16, "must have at least 16 characters").optional(),
	LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
	ROLES: z
		.string()
		.transform((value) => (value === "all" ? [...roles] : value.split(",").map((role) => role.trim())))
		.pipe(z.array(z.enum(roles)))
		.refine(
			(chosen) => roles.every((role) => chosen.includes(role)),
			"must name every role (or be all): several nodes are not part of this version",
		)
		.prefault("all"),
	DATABASE_URL: notYet("PostgreSQL"),
	REDIS_URL: notYet("Redis"),
	TURN_URLS: notYet("TURN"),
	TURN_SECRET: notYet("TURN"),
	S3_ENDPOINT: notYet("S3 storage"),
	S3_BUCKET: notYet("S3 storage"),
});

export interface Config {
	port: number;
	mediaPort: number;
	/** Undefined: derived from the port once it is known. */
	publicUrl: string | undefined;
	dataDir: string;
	adminToken: string | undefined;
	logLevel: string;
}

/** Every bad value, named, in one message. */
export class ConfigError extends Error {
	override readonly name = "ConfigError";
}

/** @throws ConfigError */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
	// An empty value counts as unset, as in shells and compose files.
	const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
	const result = environmentSchema.safeParse(set);
	if (!result.success) {
		const lines = result.error.issues.map((issue) => `  ${issue.path[0]?.toString()} ${issue.message}`);
		throw new ConfigError(`The environment has values that cannot be used:\n${lines.join("\n")}`);
	}
	const { PORT, MEDIA_PORT, PUBLIC_URL, DATA_DIR, ADMIN_TOKEN, LOG_LEVEL } = result.data;
	return {
		port: PORT,
		mediaPort: MEDIA_PORT,
		publicUrl: PUBLIC_URL,
		dataDir: DATA_DIR,
		adminToken: ADMIN_TOKEN,
		logLevel: LOG_LEVEL,
	};
}

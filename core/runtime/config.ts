import { isIP } from "node:net";
import * as z from "zod";

const roles = ["control", "ingest", "transcoder", "web"] as const;

const port = z
	.string()
	.regex(/^\d+$/, "must be a port number")
	.transform(Number)
	.refine((value) => value <= 65535, "must be at most 65535");

const list = z.string().transform((value) => value.split(",").map((entry) => entry.trim()));

/** Set, but for something this version cannot do: better said at the start than ignored. */
const notYet = (what: string) =>
	z.undefined({ error: `is set, but ${what} is not part of this version; unset it` }).optional();

const environmentSchema = z.object({
	/** TCP port of everything over HTTP; 0 takes any free one. */
	PORT: port.default(8080),
	/** Port for all media, of UDP and of TCP. */
	MEDIA_PORT: port.default(8189),
	/** Where media reaches this machine, instead of the addresses it has itself: behind a NAT, in a container. */
	PUBLIC_ADDRESSES: list
		.refine(
			(addresses) => addresses.every((address) => isIP(address) !== 0 && !address.includes("%")),
			"must be IPv4 or IPv6 addresses, separated by commas",
		)
		.optional(),
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
	/** RFC 7065. */
	TURN_URLS: list
		.refine(
			(urls) => urls.every((url) => /^turns?:[\w.:[\]-]+(\?transport=(udp|tcp))?$/.test(url)),
			"must be turn: or turns: URLs, separated by commas",
		)
		.optional(),
	/** The TURN server's static-auth-secret. */
	TURN_SECRET: z.string().min(1).optional(),
	/** RFC 9725 to the letter, where known clients fall short of it. */
	WHIP_STRICT: z.stringbool({ error: "must be true or false" }).default(false),
	/** Heights of the programme's renditions. */
	LADDER: z
		.string()
		.regex(
			/^(auto|(1080|720|480|360|240)(,(1080|720|480|360|240))*)$/,
			"must be auto, or heights of 1080, 720, 480, 360, 240",
		)
		.transform((value) => (value === "auto" ? value : value.split(",").map(Number)))
		.prefault("auto"),
	/** Seconds of a live programme that can be rewound. */
	DVR_SECONDS: z
		.string()
		.refine(
			(value) => value === "all" || (/^\d{1,6}$/.test(value) && Number(value) >= 60),
			"must be all, or a whole number of at least 60",
		)
		.transform((value) => (value === "all" ? null : Number(value)))
		.prefault("all"),
	/** What encodes the programme's pictures. */
	ENCODER: z.enum(["x264", "nvenc", "vaapi", "qsv"]).default("x264"),
	/** Whether viewers' players report how the programme plays. */
	PLAYBACK_FIGURES: z.enum(["on", "off"]).default("on"),
	/** Of an S3-compatible store; without it, Amazon's. */
	S3_ENDPOINT: z
		.url({ protocol: /^https?$/, error: "must be an http or https URL" })
		.refine(
			(value) => /^https?:\/\/[^/?#@]+(\/[^?#]*)?$/.test(value),
			"must be an address alone, without user or query",
		)
		.transform((value) => value.replace(/\/+$/, ""))
		.optional(),
	/** Media is uploaded to it. */
	S3_BUCKET: z
		.string()
		.regex(/^[a-z\d][\w.-]{2,62}$/i, "must be the name of a bucket")
		.optional(),
	S3_REGION: z
		.string()
		.regex(/^[a-z\d-]+$/, "must be the name of a region")
		.default("us-east-1"),
	S3_ACCESS_KEY_ID: z.string().optional(),
	S3_SECRET_ACCESS_KEY: z.string().optional(),
	/** Of every object's key. */
	S3_PREFIX: z
		.string()
		.regex(/^[\w!.*'()/-]+$/, "must have letters, digits, slashes and !_.*'()- alone")
		.refine((value) => !/(^|\/)\.\.?(\/|$)/.test(value), "must not have . or .. as a part")
		.transform((value) => value.replace(/^\/+|\/+$/g, "").replace(/.$/, "$&/"))
		.default(""),
});

/** What is of use only beside another. */
const dependents = [
	["TURN_URLS", "TURN_SECRET"],
	["TURN_SECRET", "TURN_URLS"],
	["S3_BUCKET", "S3_ACCESS_KEY_ID"],
	["S3_BUCKET", "S3_SECRET_ACCESS_KEY"],
	["S3_ENDPOINT", "S3_BUCKET"],
	["S3_REGION", "S3_BUCKET"],
	["S3_ACCESS_KEY_ID", "S3_BUCKET"],
	["S3_SECRET_ACCESS_KEY", "S3_BUCKET"],
	["S3_PREFIX", "S3_BUCKET"],
] as const;

export interface Config {
	port: number;
	mediaPort: number;
	/** Undefined: derived from the port once it is known. */
	publicUrl: string | undefined;
	/** Empty: this machine's own. */
	publicAddresses: string[];
	turn: { urls: string[]; secret: string } | undefined;
	whipStrict: boolean;
	/** Heights; auto: what the machine sustains. */
	ladder: "auto" | number[];
	/** Seconds of a live programme that can be rewound; null: all of it. */
	dvrSeconds: number | null;
	encoder: "x264" | "nvenc" | "vaapi" | "qsv";
	playbackFigures: boolean;
	dataDir: string;
	adminToken: string | undefined;
	/** Where media is uploaded to. */
	s3:
		| {
				/** Undefined: Amazon's. */
				endpoint: string | undefined;
				bucket: string;
				region: string;
				accessKeyId: string;
				secretAccessKey: string;
				/** Empty, or with a slash at its end. */
				prefix: string;
		  }
		| undefined;
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
	const lines = (result.error?.issues ?? []).map((issue) => `  ${issue.path[0]?.toString()} ${issue.message}`);
	for (const [name, other] of dependents) {
		if (set[name] !== undefined && set[other] === undefined) lines.push(`  ${name} is of use only with ${other}`);
	}
	if (!result.success || lines.length > 0)
		throw new ConfigError(`The environment has values that cannot be used:\n${lines.join("\n")}`);
	const { PORT, MEDIA_PORT, PUBLIC_URL, PUBLIC_ADDRESSES, TURN_URLS, TURN_SECRET } = result.data;
	const { PLAYBACK_FIGURES } = result.data;
	const { WHIP_STRICT, LADDER, DVR_SECONDS, ENCODER, DATA_DIR, ADMIN_TOKEN, LOG_LEVEL } = result.data;
	const {
		S3_ENDPOINT,
		S3_BUCKET,
		S3_REGION,
		S3_ACCESS_KEY_ID = "",
		S3_SECRET_ACCESS_KEY = "",
		S3_PREFIX,
	} = result.data;
	const keys = { accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY };
	return {
		port: PORT,
		mediaPort: MEDIA_PORT,
		publicUrl: PUBLIC_URL,
		publicAddresses: PUBLIC_ADDRESSES ?? [],
		turn: TURN_URLS && TURN_SECRET ? { urls: TURN_URLS, secret: TURN_SECRET } : undefined,
		whipStrict: WHIP_STRICT,
		ladder: LADDER,
		dvrSeconds: DVR_SECONDS,
		encoder: ENCODER,
		playbackFigures: PLAYBACK_FIGURES === "on",
		dataDir: DATA_DIR,
		adminToken: ADMIN_TOKEN,
		s3: S3_BUCKET
			? { endpoint: S3_ENDPOINT, bucket: S3_BUCKET, region: S3_REGION, ...keys, prefix: S3_PREFIX }
			: undefined,
		logLevel: LOG_LEVEL,
	};
}

import { describe, expect, test } from "vitest";
import { ConfigError, readConfig } from "./config.ts";

test("everything has a default", () => {
	expect(readConfig({ PATH: "/bin", ADMIN_TOKEN: "" })).toEqual({
		port: 8080,
		mediaPort: 8189,
		publicUrl: undefined,
		publicAddresses: [],
		turn: undefined,
		whipStrict: false,
		ladder: "auto",
		dvrSeconds: null,
		encoder: "x264",
		playbackFigures: true,
		dataDir: "./data",
		adminToken: undefined,
		s3: undefined,
		logLevel: "info",
	});
});

test("what is set is taken", () => {
	const environment = {
		PORT: "0",
		MEDIA_PORT: "9000",
		PUBLIC_URL: "https://webinars.example/rostrum//",
		PUBLIC_ADDRESSES: "192.0.2.1, 2001:db8::1",
		TURN_URLS: "turn:turn.example:3478?transport=udp,turns:[2001:db8::2]",
		TURN_SECRET: "north",
		WHIP_STRICT: "true",
		LADDER: "720,360",
		DVR_SECONDS: "3600",
		ENCODER: "vaapi",
		PLAYBACK_FIGURES: "off",
		DATA_DIR: "/var/lib/rostrum",
		ADMIN_TOKEN: "sixteen letters!",
		LOG_LEVEL: "debug",
		ROLES: "web, control,ingest,transcoder",
		S3_ENDPOINT: "https://objects.example:9000/",
		S3_BUCKET: "webinars",
		S3_ACCESS_KEY_ID: "key",
		S3_SECRET_ACCESS_KEY: "secret",
		S3_PREFIX: "/site/a/",
	};
	expect(readConfig(environment)).toEqual({
		port: 0,
		mediaPort: 9000,
		publicUrl: "https://webinars.example/rostrum",
		publicAddresses: ["192.0.2.1", "2001:db8::1"],
		turn: { urls: ["turn:turn.example:3478?transport=udp", "turns:[2001:db8::2]"], secret: "north" },
		whipStrict: true,
		ladder: [720, 360],
		dvrSeconds: 3600,
		encoder: "vaapi",
		playbackFigures: false,
		dataDir: "/var/lib/rostrum",
		adminToken: "sixteen letters!",
		s3: {
			endpoint: "https://objects.example:9000",
			bucket: "webinars",
			region: "us-east-1",
			accessKeyId: "key",
			secretAccessKey: "secret",
			prefix: "site/a/",
		},
		logLevel: "debug",
	});
});

describe("what cannot be used", () => {
	test.each([
		["PORT", "http"],
		["PORT", "65536"],
		["PORT", "-1"],
		["MEDIA_PORT", "8189.5"],
		["PUBLIC_URL", "webinars.example"],
		["PUBLIC_URL", "ftp://webinars.example"],
		["ADMIN_TOKEN", "short"],
		["LOG_LEVEL", "loud"],
		["PLAYBACK_FIGURES", "yes"],
		["ROLES", "control"],
		["ROLES", "all,none"],
		["PUBLIC_ADDRESSES", "media.example"],
		["PUBLIC_ADDRESSES", "192.0.2.1,"],
		["PUBLIC_ADDRESSES", "fe80::1%eth0"],
		["TURN_SECRET", "north"],
		["TURN_URLS", "turn:turn.example"],
		["WHIP_STRICT", "very"],
		["LADDER", "720p"],
		["LADDER", "1080,,240"],
		["LADDER", "2160"],
		["DVR_SECONDS", "59"],
		["DVR_SECONDS", "1e3"],
		["ENCODER", "x265"],
		["DATABASE_URL", "postgres://x"],
		["REDIS_URL", "redis://x"],
		["S3_ENDPOINT", "objects.example"],
		["S3_ENDPOINT", "https://user:word@objects.example"],
		["S3_ENDPOINT", "https://objects.example?x"],
		["S3_BUCKET", "a b"],
		["S3_BUCKET", "webinars"],
		["S3_REGION", "eu west"],
		["S3_REGION", "eu-west-1"],
		["S3_ACCESS_KEY_ID", "key"],
		["S3_SECRET_ACCESS_KEY", "secret"],
		["S3_PREFIX", "a?b"],
		["S3_PREFIX", "a"],
		["S3_PREFIX", "a/../b"],
	])("%s=%s is named", (name, value) => {
		expect(() => readConfig({ [name]: value })).toThrow(ConfigError);
		expect(() => readConfig({ [name]: value })).toThrow(name);
	});

	test.each(["stun:turn.example", "turn.example", "turn:a>; rel=b", "turn:a?transport=sctp", "turn:a,"])(
		"TURN_URLS=%s is named",
		(urls) => {
			expect(() => readConfig({ TURN_URLS: urls, TURN_SECRET: "north" })).toThrow("TURN_URLS must be");
		},
	);

	test("is named all at once, without the secrets", () => {
		const environment = {
			PORT: "x",
			ADMIN_TOKEN: "hunter2",
			REDIS_URL: "redis://user:secret@x",
			TURN_SECRET: "hunter3",
			S3_ENDPOINT: "https://user:hunter4@objects.example",
			S3_SECRET_ACCESS_KEY: "hunter5",
		};
		let message = "";
		try {
			readConfig(environment);
		} catch (error) {
			message = (error as Error).message;
		}
		expect(message).toMatch(/PORT.*ADMIN_TOKEN.*REDIS_URL.*S3_ENDPOINT.*TURN_SECRET.*S3_SECRET_ACCESS_KEY/s);
		expect(message).not.toMatch(/hunter|secret/);
	});
});

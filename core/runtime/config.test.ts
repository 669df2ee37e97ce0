import { describe, expect, test } from "vitest";
import { ConfigError, readConfig } from "./config.ts";

test("everything has a default", () => {
	expect(readConfig({ PATH: "/bin", ADMIN_TOKEN: "" })).toEqual({
		port: 8080,
		mediaPort: 8189,
		publicUrl: undefined,
		dataDir: "./data",
		adminToken: undefined,
		logLevel: "info",
	});
});

test("what is set is taken", () => {
	const environment = {
		PORT: "0",
		MEDIA_PORT: "9000",
		PUBLIC_URL: "https://webinars.example/rostrum//",
		DATA_DIR: "/var/lib/rostrum",
		ADMIN_TOKEN: "sixteen letters!",
		LOG_LEVEL: "debug",
		ROLES: "web, control,ingest,transcoder",
	};
	expect(readConfig(environment)).toEqual({
		port: 0,
		mediaPort: 9000,
		publicUrl: "https://webinars.example/rostrum",
		dataDir: "/var/lib/rostrum",
		adminToken: "sixteen letters!",
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
		["ROLES", "control"],
		["ROLES", "all,none"],
		["DATABASE_URL", "postgres://x"],
		["REDIS_URL", "redis://x"],
	])("%s=%s is named", (name, value) => {
		expect(() => readConfig({ [name]: value })).toThrow(ConfigError);
		expect(() => readConfig({ [name]: value })).toThrow(name);
	});

	test("is named all at once, without the secrets", () => {
		const environment = { PORT: "x", ADMIN_TOKEN: "hunter2", REDIS_URL: "redis://user:secret@x" };
		let message = "";
		try {
			readConfig(environment);
		} catch (error) {
			message = (error as Error).message;
		}
		expect(message).toMatch(/PORT.*ADMIN_TOKEN.*REDIS_URL/s);
		expect(message).not.toMatch(/hunter2|secret/);
	});
});

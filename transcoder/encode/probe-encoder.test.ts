import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { ConfigError } from "../../core/runtime/config.ts";
import { probeEncoder } from "./probe-encoder.ts";

it("takes the encoder that is there", async () => {
	await probeEncoder("x264");
});

// A machine that has such a GPU has nothing to refuse.
it.skipIf(existsSync("/dev/dri") || existsSync("/dev/nvidia0")).each([
	["nvenc", "an NVIDIA GPU with its driver"],
	["vaapi", "/dev/dri/renderD128"],
	["qsv", "Quick Sync"],
] as const)("refuses %s on a machine without it, and says what it needs", async (encoder, needs) => {
	const error = await probeEncoder(encoder).catch((thrown: unknown) => thrown);
	expect(error).toBeInstanceOf(ConfigError);
	const { message } = error as ConfigError;
	expect(message).toContain(`ENCODER=${encoder}`);
	expect(message).toContain(needs);
	expect(message).toMatch(/ffmpeg says: \S/);
});

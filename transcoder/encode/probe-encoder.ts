import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ConfigError } from "../../core/runtime/config.ts";
import { startFfmpeg } from "./ffmpeg.ts";
import { type EncoderName, videoEncoders } from "./video-encoders.ts";

/** @throws ConfigError when there is no ffmpeg */
export async function ffmpegVersion(): Promise<string> {
	try {
		const { stdout } = await promisify(execFile)("ffmpeg", ["-version"]);
		return /^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? "unknown";
	} catch (cause) {
		throw new ConfigError("ffmpeg is not there, or does not run: install it, with libx264", { cause });
	}
}

/**
 * Encodes a few pictures.
 * @throws ConfigError when ffmpeg is not there, does not know the encoder, or cannot open it on this machine
 */
export async function probeEncoder(encoder: EncoderName): Promise<void> {
	const { codec, needs, device, upload, options } = videoEncoders[encoder];
	const error = await new Promise<Error | undefined>((resolve) => {
		const command = {
			inputs: [{ url: "color=s=320x240:r=30", options: [...device, "-f lavfi"] }],
			filter: `[0:v]${["format=yuv420p", ...upload].join(",")}[v]`,
			outputs: [
				{ url: "/dev/null", options: ["-map [v]", `-c:v ${codec}`, ...options.full, "-frames:v 5", "-f null"] },
			],
		};
		const lines: string[] = [];
		startFfmpeg(command, {
			started: () => {},
			said: (line) => lines.push(line),
			// The first complaint names the cause; those after it what came of it.
			ended: (failed) => resolve(failed && new Error(lines.find((line) => line.trim()) ?? failed.message)),
		});
	});
	if (!error) return;
	const said = error.message.replace(/^\[[^\]]*\] /, "").slice(0, 200);
	throw new ConfigError(
		`ENCODER=${encoder} does not work here. It needs an ffmpeg with ${codec}, and ${needs}. ffmpeg says: ${said}`,
	);
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** By ffmpeg's ebur128: integrated LUFS, and the true peak in dBTP. Interleaved stereo at 48 kHz. */
export async function measureLoudness(samples: Float32Array): Promise<{ lufs: number; truePeakDb: number }> {
	const args = "-nostats -f f32le -ar 48000 -ac 2 -i pipe:0 -filter_complex ebur128=peak=true -f null -";
	const ffmpeg = spawn("ffmpeg", args.split(" "), { stdio: ["pipe", "ignore", "pipe"] });
	ffmpeg.stdin.end(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
	const [told] = await Promise.all([text(ffmpeg.stderr), once(ffmpeg, "close")]);
	const summary = told.slice(told.lastIndexOf("Summary:"));
	const numberOf = (label: string) => Number(new RegExp(`${label}:\\s+(-?[\\d.]+|-inf)`).exec(summary)?.[1]);
	return { lufs: numberOf("I"), truePeakDb: numberOf("Peak") };
}

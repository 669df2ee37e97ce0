import { spawn } from "node:child_process";
import { once } from "node:events";
import { buffer, text } from "node:stream/consumers";
import { FRAME_HEIGHT, FRAME_WIDTH, type Frame, type Sound } from "../../test/support/decode-media.ts";
import type { RecordedRun } from "./programme-process.ts";

/**
 * A run's pictures of one rung, from the last keyframe at or before `fromS` on, timed from the run's pts 0.
 * @throws Error when ffmpeg finds any fault
 */
export async function decodePictures(run: RecordedRun, track: number, fromS: number): Promise<Frame[]> {
	const { stream, firstPts, frameRate } = videoStream(run, track, fromS);
	const output = `-vf scale=${FRAME_WIDTH}:${FRAME_HEIGHT}:flags=area -fps_mode passthrough -f rawvideo -pix_fmt rgb24`;
	const raw = await decode(`-f h264 -i pipe:0 ${output} pipe:1`, stream);
	const bytes = FRAME_WIDTH * FRAME_HEIGHT * 3;
	return Array.from({ length: raw.length / bytes }, (_, index) => ({
		atS: (firstPts + index) / frameRate,
		rgb: raw.subarray(index * bytes, (index + 1) * bytes),
	}));
}

/**
 * One picture of a rung as it was coded, I420 in its own size: the one at `atS` from the run's pts 0.
 * @throws Error when ffmpeg finds any fault
 */
export async function decodePicture(run: RecordedRun, track: number, atS: number): Promise<Buffer> {
	const { stream, firstPts, frameRate } = videoStream(run, track, atS);
	const index = Math.round(atS * frameRate) - firstPts;
	const output = `-vf select=eq(n\\,${index}) -fps_mode passthrough -frames:v 1 -f rawvideo -pix_fmt yuv420p`;
	return await decode(`-f h264 -i pipe:0 ${output} pipe:1`, stream);
}

/** Annex B, from the last keyframe at or before `fromS` on. */
function videoStream(run: RecordedRun, track: number, fromS: number) {
	const config = run.tracks[track];
	if (config?.kind !== "video") throw new Error(`track ${track} is no video`);
	const units = parameterSets(Buffer.from(config.avcC, "base64"));
	const frames = run.frames[track] ?? [];
	const first = frames.findLastIndex(({ keyframe, pts }) => keyframe && pts <= fromS * config.frameRate);
	for (const { data } of frames.slice(first)) {
		for (let at = 0; at < data.length; ) {
			const length = data.readUInt32BE(at);
			units.push(data.subarray(at + 4, at + 4 + length));
			at += 4 + length;
		}
	}
	const stream = Buffer.concat(units.flatMap((unit) => [Buffer.from([0, 0, 0, 1]), unit]));
	return { stream, firstPts: frames[first]?.pts ?? 0, frameRate: config.frameRate };
}

/** A run's sound, timed from its pts 0. @throws Error when ffmpeg finds any fault */
export async function decodeSound(run: RecordedRun): Promise<Sound> {
	const track = run.tracks.findIndex(({ kind }) => kind === "audio");
	const units = (run.frames[track] ?? []).flatMap(({ data }) => [adtsHeader(data.length), data]);
	const raw = await decode("-f aac -i pipe:0 -f f32le -ac 1 pipe:1", Buffer.concat(units));
	return { startS: 0, samples: new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length)) };
}

async function decode(args: string, input: Buffer): Promise<Buffer> {
	const ffmpeg = spawn("ffmpeg", ["-v", "error", ...args.split(" ")]);
	ffmpeg.stdin.on("error", () => {}); // ffmpeg has ended early; its exit code tells
	ffmpeg.stdin.end(input);
	const [output, complaints, [code]] = await Promise.all([
		buffer(ffmpeg.stdout),
		text(ffmpeg.stderr),
		once(ffmpeg, "close"),
	]);
	if (code !== 0 || complaints) throw new Error(`ffmpeg finds fault with the stream: ${complaints}`);
	return output;
}

/** Of an AVCDecoderConfigurationRecord. */
function parameterSets(avcC: Buffer): Buffer[] {
	const sets: Buffer[] = [];
	let at = 6;
	const take = (count: number) => {
		for (let i = 0; i < count; i++) {
			const length = avcC.readUInt16BE(at);
			sets.push(avcC.subarray(at + 2, at + 2 + length));
			at += 2 + length;
		}
	};
	take(avcC.readUInt8(5) & 31);
	take(avcC.readUInt8(at++));
	return sets;
}

/** AAC-LC, 48 kHz, stereo. */
function adtsHeader(dataBytes: number): Buffer {
	const length = dataBytes + 7;
	return Buffer.from([0xff, 0xf1, 0x4c, 0x80 | (length >> 11), (length >> 3) & 255, ((length & 7) << 5) | 0x1f, 0xfc]);
}

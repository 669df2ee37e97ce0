import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";

/** Enough to tell tiles apart, little enough to keep many. */
export const FRAME_WIDTH = 160;
export const FRAME_HEIGHT = 90;
export const SOUND_RATE = 48000;

export interface Frame {
	/** On the stream's own timeline. */
	atS: number;
	/** FRAME_WIDTH x FRAME_HEIGHT, three bytes a pixel. */
	rgb: Buffer;
}

export interface Sound {
	/** On the stream's own timeline. */
	startS: number;
	/** Mono at SOUND_RATE, -1 to 1; what the stream left out is silence. */
	samples: Float32Array;
}

export interface DecodedMedia {
	frames: Frame[];
	sound: Sound;
	/** What ffmpeg said at level warning or above. */
	complaints: string[];
}

/**
 * Decodes a whole file with ffmpeg and keeps the timestamps of both tracks as they are.
 * @throws Error when ffmpeg fails
 */
export async function decodeMedia(file: Buffer): Promise<DecodedMedia> {
	const ffmpeg = spawn(
		"ffmpeg",
		[
			...["-hide_banner", "-nostats", "-loglevel", "level+info", "-copyts", "-i", "pipe:0"],
			...["-map", "0:v:0", "-vf", `scale=${FRAME_WIDTH}:${FRAME_HEIGHT}:flags=area,showinfo=checksum=0`],
			...["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:3"],
			...["-map", "0:a:0", "-af", "aformat=sample_fmts=flt:sample_rates=48000:channel_layouts=mono,ashowinfo"],
			...["-f", "f32le", "pipe:4"],
		],
		{ stdio: ["pipe", "ignore", "pipe", "pipe", "pipe"] },
	);
	const [stdin, , stderr, video, audio] = ffmpeg.stdio;
	stdin?.on("error", () => {}); // ffmpeg has ended early; its exit code tells
	stdin?.end(file);
	const [said, pixels, pcm, [code]] = await Promise.all([
		text(stderr as Readable),
		buffer(video as Readable),
		buffer(audio as Readable),
		once(ffmpeg, "close"),
	]);
	if (code !== 0) throw new Error(`ffmpeg exited with ${code}:\n${said.slice(-2000)}`);
	const lines = said.split("\n");
	return {
		frames: cutFrames(pixels, lines),
		sound: placeSound(pcm, lines),
		complaints: lines.filter((line) => /\[(warning|error|fatal|panic)\]/.test(line)),
	};
}

function cutFrames(pixels: Buffer, lines: string[]): Frame[] {
	const size = FRAME_WIDTH * FRAME_HEIGHT * 3;
	const base = lines.flatMap(
		(line) => /Parsed_showinfo.* config in time_base: (\d+)\/(\d+)/.exec(line)?.slice(1, 3) ?? [],
	);
	const tickS = Number(base[0]) / Number(base[1]);
	// Not pts_time, which has six digits and so loses milliseconds after some minutes.
	const ticks = lines.flatMap((line) => /Parsed_showinfo.* n: *\d+ pts: *(-?\d+)/.exec(line)?.[1] ?? []);
	if (ticks.length * size !== pixels.length) throw new Error(`${ticks.length} frames in ${pixels.length} bytes`);
	return ticks.map((pts, index) => ({
		atS: Number(pts) * tickS,
		rgb: pixels.subarray(index * size, (index + 1) * size),
	}));
}

function placeSound(pcm: Buffer, lines: string[]): Sound {
	const decoded = new Float32Array(pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.byteLength));
	const chunks = lines.flatMap((line) => {
		// The filter's ticks are samples.
		const found = /Parsed_ashowinfo.* n: *\d+ pts: *(-?\d+) .*nb_samples:(\d+)/.exec(line);
		return found ? [{ at: Number(found[1]), length: Number(found[2]) }] : [];
	});
	const first = chunks[0];
	const last = chunks.at(-1);
	if (!first || !last) return { startS: 0, samples: new Float32Array() };
	const samples = new Float32Array(last.at - first.at + last.length);
	let from = 0;
	for (const { at, length } of chunks) {
		const offset = Math.max(0, at - first.at);
		samples.set(decoded.subarray(from, from + Math.min(length, samples.length - offset)), offset);
		from += length;
	}
	return { startS: first.at / SOUND_RATE, samples };
}

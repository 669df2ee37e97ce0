import type { ChildProcess } from "node:child_process";
import ffmpeg from "fluent-ffmpeg";
import { programmeFormat } from "../programme-format.ts";

export interface Rung {
	/** A name fit for a path segment. */
	name: string;
	width: number;
	height: number;
	/** Bits per second: aimed at, and never exceeded over one second. */
	bitrate: number;
	maxBitrate: number;
}

/** Highest first. */
export const rungs: readonly Rung[] = [
	{ name: "720p", width: 1280, height: 720, bitrate: 2_200_000, maxBitrate: 2_500_000 },
	{ name: "360p", width: 640, height: 360, bitrate: 600_000, maxBitrate: 700_000 },
];
export const audioBitrate = 128_000;

/** Frames from one IDR to the next, counted from the first frame: one segment of 2 s. */
const IDR_INTERVAL = 60;

/** More than the encoder delay of AAC (21 ms) and what else sound is late by; each further one delays the sound. */
const SOUND_HELD_BACK_S = 0.04;

export interface FfmpegSockets {
	/** Paths that somebody listens on. In: raw I420 pictures; a WAV stream of floats. */
	pictures: string;
	sound: string;
	/** Out: one FLV for each rung; ADTS. */
	rungs: string[];
	aac: string;
}

export interface FfmpegEvents {
	started: (pid: number) => void;
	/** Ended with 0 (undefined), or not. Once, also when it could not be started. */
	ended: (error: Error | undefined) => void;
}

/**
 * The encoder's ffmpeg: it connects to the sockets, encodes until its inputs end, flushes and exits. Returns a function that
 * kills it. The only place that knows ffmpeg's command line.
 */
export function startFfmpeg(sockets: FfmpegSockets, { started, ended }: FfmpegEvents): () => void {
	const { width, height, frameRate } = programmeFormat;
	// Without these ffmpeg reads seconds of input before it encodes the first frame. `nobuffer` would lose that frame.
	const noProbing = ["-probesize 32", "-analyzeduration 0", "-thread_queue_size 4"];
	const command = ffmpeg({ logger: undefined, stdoutLines: 20 })
		.input(`unix:${sockets.pictures}`)
		.inputOptions(["-nostdin", "-hide_banner", "-nostats", "-loglevel error"])
		.inputOptions(["-f rawvideo", "-pixel_format yuv420p", `-video_size ${width}x${height}`, `-framerate ${frameRate}`])
		.inputOptions(noProbing)
		.input(`unix:${sockets.sound}`)
		// WAV rather than bare PCM, whose demuxer waits for 85 ms of sound before it hands on any; of floats, because that of
		// 16 bit samples reads 64 kB at the start to tell it from S/PDIF. ffmpeg serves the output with the earliest timestamp
		// first: moved back a little, sound does not keep pictures waiting. ADTS has no timestamps, so nothing comes of it.
		.inputOptions([`-itsoffset ${SOUND_HELD_BACK_S}`, "-f wav", "-max_size 2048", "-ignore_length 1", ...noProbing])
		.complexFilter(ladder());
	for (const [index, rung] of rungs.entries()) {
		command
			.output(`unix:${sockets.rungs[index]}`)
			.outputOptions([`-map [v${index}]`, "-f flv", "-flvflags no_duration_filesize+no_metadata", "-flush_packets 1"])
			.outputOptions([
				"-fps_mode passthrough",
				"-c:v libx264",
				"-preset veryfast",
				"-tune zerolatency",
				"-profile:v high",
			])
			.outputOptions([`-b:v ${rung.bitrate}`, `-maxrate ${rung.maxBitrate}`, `-bufsize ${rung.maxBitrate}`])
			.outputOptions([`-g ${IDR_INTERVAL}`, `-keyint_min ${IDR_INTERVAL}`, "-sc_threshold 0", "-flags +cgop"])
			.outputOptions(["-colorspace bt709", "-color_primaries bt709", "-color_trc bt709", "-color_range tv"]);
	}
	command
		.output(`unix:${sockets.aac}`)
		.outputOptions(["-map 1:a", "-f adts", "-c:a aac", `-b:a ${audioBitrate}`, "-flush_packets 1"]);
	command.on("start", () => {
		const { pid } = (command as unknown as { ffmpegProc: ChildProcess }).ffmpegProc;
		if (pid !== undefined) started(pid);
	});
	command.on("error", (error, _stdout, stderr) => {
		const last = stderr?.trim().split("\n").at(-1);
		ended(new Error(last ? `${error.message}: ${last.slice(0, 300)}` : error.message));
	});
	command.on("end", () => ended(undefined));
	command.run();
	return () => command.kill("SIGKILL");
}

function ladder(): string {
	const copies = rungs.map((_, index) => `[s${index}]`).join("");
	const scales = rungs.map(({ width, height }, index) =>
		height === programmeFormat.height
			? `[s${index}]null[v${index}]`
			: `[s${index}]scale=${width}:${height}:flags=bilinear[v${index}]`,
	);
	return [`[0:v]split=${rungs.length}${copies}`, ...scales].join(";");
}

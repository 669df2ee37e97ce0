import { audioBitrate, type Ladder } from "../ladder.ts";
import { programmeFormat, type Size } from "../programme-format.ts";
import { type EncoderCare, type EncoderName, videoEncoders } from "./video-encoders.ts";

/** Frames from one IDR to the next: one segment of 2 s. */
const IDR_INTERVAL = 60;

/** More than the encoder delay of AAC (21 ms) and what else sound is late by; each further one delays the sound. */
const SOUND_HELD_BACK_S = 0.04;

export interface EncoderCommand {
	encoder: EncoderName;
	care: EncoderCare;
	/** Of the pictures that come in. */
	canvas: Size;
	/** None is larger than the canvas. */
	rungs: Ladder;
	/** A stream that begins with this frame can be decoded, and IDRs are counted from it. */
	firstFrame: number;
	sockets: {
		/** In: a FIFO of raw I420 pictures. */
		pictures: string;
		/** In, on a UNIX socket as all others: a WAV stream of floats. */
		sound: string;
		/** Out: one FLV for each rung; ADTS. */
		rungs: string[];
		aac: string;
	};
}

/** A command line of ffmpeg, each option with its value after a space. */
export interface CommandLine {
	/** With the options before each. */
	inputs: { url: string; options: string[] }[];
	filter: string | undefined;
	outputs: { url: string; options: string[] }[];
}

/** Encodes the rungs and the sound until the inputs end. */
export function encoderCommand(command: EncoderCommand): CommandLine {
	const { encoder, canvas, rungs, sockets } = command;
	const { frameRate } = programmeFormat;
	// Without these ffmpeg reads seconds of input before it encodes the first frame. `nobuffer` would lose that frame.
	const noProbing = ["-probesize 32", "-analyzeduration 0", "-thread_queue_size 4"];
	const size = `${canvas.width}x${canvas.height}`;
	const raw = ["-f rawvideo", "-pixel_format yuv420p", `-video_size ${size}`, `-framerate ${frameRate}`];
	const pictures = {
		url: sockets.pictures,
		options: [...videoEncoders[encoder].device, ...raw, ...noProbing],
	};
	// WAV rather than bare PCM, whose demuxer waits for 85 ms of sound before it hands on any; of floats, because that of
	// 16 bit samples reads 64 kB at the start to tell it from S/PDIF. ffmpeg serves the output with the earliest timestamp
	// first: moved back a little, sound does not keep pictures waiting. ADTS has no timestamps, so nothing comes of it.
	const sound = {
		url: `unix:${sockets.sound}`,
		options: [`-itsoffset ${SOUND_HELD_BACK_S}`, "-f wav", "-max_size 2048", "-ignore_length 1", ...noProbing],
	};
	const videos = rungs.map((_, index) => ({
		url: `unix:${sockets.rungs[index]}`,
		options: rungOptions(command, index),
	}));
	const audio = {
		url: `unix:${sockets.aac}`,
		options: ["-map 1:a", "-f adts", "-c:a aac", `-b:a ${audioBitrate}`, "-flush_packets 1"],
	};
	return { inputs: [pictures, sound], filter: scaling(command), outputs: [...videos, audio] };
}

function rungOptions({ encoder, care, rungs, firstFrame }: EncoderCommand, index: number): string[] {
	const { bitrate = 0, maxBitrate = 0 } = rungs[index] ?? {};
	const { codec, options } = videoEncoders[encoder];
	return [
		...[`-map [v${index}]`, "-f flv", "-flvflags no_duration_filesize+no_metadata", "-flush_packets 1"],
		...["-fps_mode passthrough", `-c:v ${codec}`, ...options[care]],
		// What is saved up may be spent within a second: see the packager's multivariant playlist.
		...[`-b:v ${bitrate}`, `-maxrate ${maxBitrate}`, `-bufsize ${maxBitrate}`],
		...[`-g ${IDR_INTERVAL}`, `-keyint_min ${IDR_INTERVAL}`, "-flags +cgop"],
		`-force_key_frames expr:eq(n,${firstFrame})`,
		...["-colorspace bt709", "-color_primaries bt709", "-color_trc bt709", "-color_range tv"],
	];
}

/**
 * Each rung is made of the one above it. Of so much less, bicubic scaling takes no more time than bilinear scaling of the
 * canvas does, and keeps more: 0.2 dB at 480 lines, 0.6 at 240, coded.
 */
function scaling({ encoder, canvas, rungs }: EncoderCommand): string {
	const { upload } = videoEncoders[encoder];
	return rungs
		.map(({ width, height }, index) => {
			const source = index === 0 ? "[0:v]" : `[s${index}]`;
			const above = rungs[index - 1] ?? canvas;
			const algorithm = above.height === canvas.height ? "bilinear" : "bicubic";
			const scale = above.height === height ? [] : [`scale=${width}:${height}:flags=${algorithm}`];
			// Square pixels, whatever rounding made of 16:9 (854 and 426 wide).
			const filters = [...scale, "setsar=1"].join(",");
			const out = [...upload, "null"].join(",");
			if (index === rungs.length - 1) return `${source}${filters},${out}[v${index}]`;
			return `${source}${filters},split=2[r${index}][s${index + 1}];[r${index}]${out}[v${index}]`;
		})
		.join(";");
}

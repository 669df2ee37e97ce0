import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { type CodedFrame, CodedFrameReader, type Run, type VideoTrackConfig } from "./coded-frames.ts";
import type { FromProgramme, ToProgramme } from "./programme-messages.ts";

// Support of tests: the real process of a programme, and what it encoded.

export const SMALL_TRACK = 1;
export const SOUND_TRACK = 2;
/** Decoded to this size. */
export const decodedWidth = 320;
export const decodedHeight = 180;

export interface RecordedRun extends Run {
	frames: CodedFrame[][];
}

/** Runs transcoder/programme-process.ts and keeps what comes out of it. */
export class TestProgramme {
	readonly runs: RecordedRun[] = [];
	readonly messages: FromProgramme[] = [];
	readonly process: ChildProcess;
	readonly log: string[] = [];
	readonly exited: Promise<number | null>;
	readonly coded: Promise<unknown>;
	#waiting: { until: () => boolean; resolve: () => void }[] = [];

	constructor() {
		const path = fileURLToPath(new URL("programme-process.ts", import.meta.url));
		this.process = spawn(process.execPath, [path], { stdio: ["ignore", "pipe", "pipe", "pipe", "ipc"] });
		this.exited = once(this.process, "exit").then(([code]) => code as number | null);
		const reader = new CodedFrameReader();
		const output = this.process.stdio[3] as Readable;
		output.on("data", (chunk: Buffer) => {
			for (const item of reader.push(chunk)) {
				if ("run" in item) this.runs.push({ ...item.run, frames: item.run.tracks.map(() => []) });
				else this.runs.at(-1)?.frames[item.frame.track]?.push(item.frame);
			}
			this.#check();
		});
		this.coded = once(output, "end");
		this.process.on("message", (message: FromProgramme) => {
			this.messages.push(message);
			this.#check();
		});
		for (const stream of [this.process.stdout, this.process.stderr])
			stream?.on("data", (text) => this.log.push(String(text)));
	}

	send(message: ToProgramme): void {
		this.process.send(message);
	}

	/** Resolves when `until` holds; it is asked after everything that comes out of the process. */
	when(until: () => boolean): Promise<void> {
		if (until()) return Promise.resolve();
		return new Promise((resolve) => this.#waiting.push({ until, resolve }));
	}

	/** Capture time up to which everything is encoded. */
	encodedUntilMs(): number {
		const run = this.runs.at(-1);
		if (!run) return 0;
		const ends = run.frames.map((frames, track) => {
			const last = frames.at(-1)?.pts ?? 0;
			const config = run.tracks[track];
			return config?.kind === "audio" ? (last * 1000) / config.sampleRate : (last * 1000) / (config?.frameRate ?? 30);
		});
		return run.startsAtMs + Math.min(...ends);
	}

	/** Resolves when `durationMs` more of the programme is encoded. Returns the capture time of its end. */
	async record(durationMs: number): Promise<number> {
		const untilMs = this.encodedUntilMs() + durationMs;
		await this.when(() => this.encodedUntilMs() >= untilMs);
		return untilMs;
	}

	#check(): void {
		this.#waiting = this.#waiting.filter(({ until, resolve }) => {
			if (!until()) return true;
			resolve();
			return false;
		});
	}
}

/** Pictures of the small track by frame number: RGB, decodedWidth x decodedHeight. */
export function decodePictures(run: RecordedRun): Buffer[] {
	const { avcC } = run.tracks[SMALL_TRACK] as VideoTrackConfig;
	const units = [...parameterSets(Buffer.from(avcC, "base64"))];
	for (const { data } of run.frames[SMALL_TRACK] ?? []) {
		for (let at = 0; at < data.length; ) {
			const length = data.readUInt32BE(at);
			units.push(data.subarray(at + 4, at + 4 + length));
			at += 4 + length;
		}
	}
	const stream = Buffer.concat(units.flatMap((unit) => [Buffer.from([0, 0, 0, 1]), unit]));
	const output = [
		"-fps_mode",
		"passthrough",
		"-f",
		"rawvideo",
		"-pix_fmt",
		"rgb24",
		"-s",
		`${decodedWidth}x${decodedHeight}`,
	];
	const raw = decode(["-f", "h264", "-i", "pipe:0", ...output, "pipe:1"], stream);
	const bytes = decodedWidth * decodedHeight * 3;
	return Array.from({ length: raw.length / bytes }, (_, index) => raw.subarray(index * bytes, (index + 1) * bytes));
}

/** Sound of a run from its pts 0 on: one channel at 48 kHz. */
export function decodeSound(run: RecordedRun): Float32Array {
	const units = (run.frames[SOUND_TRACK] ?? []).flatMap(({ data }) => [adtsHeader(data.length), data]);
	const raw = decode(["-f", "aac", "-i", "pipe:0", "-f", "f32le", "-ac", "1", "pipe:1"], Buffer.concat(units));
	return new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
}

function decode(args: string[], input: Buffer): Buffer {
	const { stdout, stderr, status } = spawnSync("ffmpeg", ["-v", "error", ...args], { input, maxBuffer: 1 << 30 });
	if (status !== 0 || stderr.length > 0) throw new Error(`ffmpeg finds fault with the stream: ${stderr.toString()}`);
	return stdout;
}

function* parameterSets(avcC: Buffer): Generator<Buffer> {
	let at = 6;
	for (const count of [avcC.readUInt8(5) & 31, -1]) {
		const sets = count < 0 ? avcC.readUInt8(at++) : count;
		for (let i = 0; i < sets; i++) {
			const length = avcC.readUInt16BE(at);
			yield avcC.subarray(at + 2, at + 2 + length);
			at += 2 + length;
		}
	}
}

/** AAC-LC, 48 kHz, stereo. */
function adtsHeader(dataBytes: number): Buffer {
	const length = dataBytes + 7;
	return Buffer.from([0xff, 0xf1, 0x4c, 0x80 | (length >> 11), (length >> 3) & 255, ((length & 7) << 5) | 0x1f, 0xfc]);
}

import type { Socket } from "node:net";
import { join } from "node:path";
import type { Logger } from "pino";
import { frameRecord, type Run, runRecord } from "../coded-frames.ts";
import type { Ladder } from "../ladder.ts";
import { programmeFormat } from "../programme-format.ts";
import { AdtsReader } from "./adts-reader.ts";
import { encoderCommand } from "./encoder-command.ts";
import { type EncoderEffort, encodedRungs, rungOfTrack, trackConfigs } from "./encoder-effort.ts";
import { startFfmpeg } from "./ffmpeg.ts";
import { FlvReader } from "./flv-reader.ts";
import { listenOnce, type OneConnection } from "./one-connection.ts";
import { type Picture, PictureInput } from "./picture-input.ts";
import type { EncoderName } from "./video-encoders.ts";
import { wavHeader } from "./wav-header.ts";

export interface Tick {
	/** When what it shows was captured, ms since the epoch. Sound: the samples captured from then on. */
	captureMs: number;
	picture: Picture;
	/** Interleaved, -1 to 1, programmeFormat.samplesPerTick of each channel. */
	sound: Float32Array;
}

interface EncoderRunOptions {
	run: number;
	socketDir: string;
	encoder: EncoderName;
	ladder: Ladder;
	/** Encoded ahead of the first tick. */
	picture: Picture;
	effort: EncoderEffort;
}

export interface EncoderRunEvents {
	started: (pid: number) => void;
	/** Records for file descriptor 3. */
	coded: (record: Buffer) => void;
	/** Over, with every record handed out. `reason`: it did not end because it was told to. Once. */
	ended: (reason: string | undefined) => void;
}

/** Ticks of the first picture encoded ahead of the live ones, and let go: once they are out, nothing holds up the live ones. */
const PREWARM_TICKS = 4;
const PREWARM_FRAMES_OUT = 2;
const PREWARM_DEADLINE_MS = 10_000;
/** Ticks, 5 s, though the load was shed: players have long run dry, so a new run costs their audience nothing more. */
const MAX_BACKLOG = 150;
/** Encoder delay of ffmpeg's AAC: the first access unit is made of samples before the first. */
const AAC_PRIMING_UNITS = 1;
const SAMPLES_PER_AAC_UNIT = 1024;

/** One life of ffmpeg: one `Run`. */
export class EncoderRun {
	readonly #encoder: EncoderName;
	readonly #effort: EncoderEffort;
	readonly #ladder: Ladder;
	/** The rungs it encodes. */
	readonly #rungs: Ladder;
	readonly #run: number;
	readonly #log: Logger;
	readonly #events: EncoderRunEvents;
	readonly #listeners: OneConnection[] = [];
	readonly #outputs = new Set<Socket>();
	readonly #frames: number[];
	readonly #avcC: (Buffer | undefined)[] = [];
	#audioSpecificConfig: Buffer | undefined;
	#held: Buffer[] = [];
	#state: "starting" | "warm" | "live" | "ending" | "ended" = "starting";
	#pictures: PictureInput | undefined;
	/** Pictures given to it, whatever became of them. */
	#pushed = 0;
	#sound: Socket | undefined;
	#kill: (() => void) | undefined;
	#exited = false;
	#reason: string | undefined;
	#deadline: NodeJS.Timeout;

	constructor(
		{ run, socketDir, encoder, ladder, picture, effort }: EncoderRunOptions,
		{ log, events }: { log: Logger; events: EncoderRunEvents },
	) {
		this.#encoder = encoder;
		this.#effort = effort;
		this.#ladder = ladder;
		this.#rungs = encodedRungs(ladder, effort);
		this.#frames = new Array<number>(this.#rungs.length + 1).fill(0);
		this.#run = run;
		this.#log = log;
		this.#events = events;
		this.#deadline = setTimeout(() => this.fail("it did not start in time"), PREWARM_DEADLINE_MS);
		picture.retain();
		this.#start(socketDir, picture)
			.catch((error: Error) => {
				this.#exited = true;
				this.fail(error.message);
			})
			.finally(() => picture.release());
	}

	isOf({ topRung, care }: EncoderEffort): boolean {
		return this.#effort.topRung === topRung && this.#effort.care === care;
	}

	/** It encodes at once what is pushed from now on. */
	get ready(): boolean {
		return this.#state === "warm" || this.#state === "live";
	}

	/** Index of the sound in `#frames`. */
	get #soundIndex(): number {
		return this.#rungs.length;
	}

	/** Ticks that were pushed and have not come out in every rung. */
	get backlog(): number {
		if (this.#state !== "live") return 0;
		return this.#pushed - Math.min(...this.#frames.slice(0, this.#soundIndex));
	}

	/** Encodes one tick; before the encoder is warm it is let go. */
	push({ captureMs, picture, sound }: Tick): void {
		if (this.#state === "warm") this.#goLive(captureMs);
		if (this.#state !== "live") return;
		this.#pictures?.push(picture);
		this.#pushed++;
		this.#sound?.write(Buffer.from(sound.slice().buffer));
		if (this.backlog > MAX_BACKLOG) this.fail(`${MAX_BACKLOG} pictures wait for it`);
	}

	/** Encodes what it was given and ends. After `deadlineMs` it is killed. */
	finish(deadlineMs: number): void {
		if (this.#state === "ending" || this.#state === "ended") return;
		const flush = this.#state === "live" && deadlineMs > 0;
		this.#state = "ending";
		clearTimeout(this.#deadline);
		if (!flush) {
			this.#stop();
			return;
		}
		this.#deadline = setTimeout(() => this.#stop(), deadlineMs);
		this.#pictures?.end();
		this.#sound?.end();
	}

	/** Ends it now, for a reason that is reported. */
	fail(reason: string): void {
		this.#reason ??= reason;
		this.#stop();
	}

	async #start(socketDir: string, picture: Picture): Promise<void> {
		const path = (name: string) => join(socketDir, `${this.#run}-${name}`);
		const sockets = {
			pictures: path("yuv"),
			sound: path("wav"),
			rungs: this.#rungs.map(({ name }) => path(name)),
			aac: path("aac"),
		};
		const listen = async (at: string, connected: (socket: Socket) => void) => {
			this.#listeners.push(await listenOnce(at, connected));
		};
		this.#pictures = await PictureInput.create(sockets.pictures);
		for (let tick = 0; tick < PREWARM_TICKS; tick++) this.#pictures.push(picture);
		this.#pushed = PREWARM_TICKS;
		await listen(sockets.sound, (socket) => {
			this.#sound = socket;
			socket.write(wavHeader(programmeFormat));
			socket.write(Buffer.alloc(PREWARM_TICKS * programmeFormat.samplesPerTick * programmeFormat.channels * 4));
		});
		for (const [rung, at] of sockets.rungs.entries()) {
			const flv = new FlvReader();
			await listen(at, (socket) => this.#read(socket, (chunk) => this.#takeVideo(rung, flv, chunk)));
		}
		const adts = new AdtsReader();
		await listen(sockets.aac, (socket) => this.#read(socket, (chunk) => this.#takeSound(adts, chunk)));
		if (this.#state !== "starting") {
			this.#exited = true;
			return this.#stop();
		}
		const command = encoderCommand({
			encoder: this.#encoder,
			care: this.#effort.care,
			canvas: this.#ladder[0],
			rungs: this.#rungs,
			firstFrame: PREWARM_TICKS,
			sockets,
		});
		this.#kill = startFfmpeg(command, {
			started: (pid, commandLine) => {
				this.#log.info({ run: this.#run, commandLine }, "encoder starts");
				this.#events.started(pid);
				if (this.#state === "ending" || this.#reason) this.#kill?.();
			},
			ended: (error) => {
				this.#exited = true;
				if (this.#state !== "ending") this.#reason ??= error?.message ?? "ffmpeg ended by itself";
				this.#stop();
			},
		});
	}

	#read(socket: Socket, take: (chunk: Buffer) => void): void {
		this.#outputs.add(socket);
		socket.on("data", (chunk) => {
			try {
				take(chunk);
			} catch (error) {
				this.fail((error as Error).message);
			}
		});
		socket.on("close", () => {
			this.#outputs.delete(socket);
			this.#endIfOver();
		});
	}

	#takeVideo(rung: number, flv: FlvReader, chunk: Buffer): void {
		for (const item of flv.push(chunk)) {
			if ("avcC" in item) {
				this.#avcC[rung] = Buffer.from(item.avcC);
				continue;
			}
			const pts = this.#frames[rung] ?? 0;
			const expectedMs = Math.round((pts * 1000) / programmeFormat.frameRate) % 2 ** 31;
			if (Math.abs(item.timestampMs - expectedMs) > 1)
				throw new Error(`frame ${pts} has the time ${item.timestampMs} ms`);
			this.#frames[rung] = pts + 1;
			if (pts < PREWARM_TICKS) continue;
			for (const track of this.#ladder.keys()) {
				const { keyframe, data } = item;
				if (rungOfTrack(track, this.#ladder, this.#rungs) === rung)
					this.#hand(frameRecord({ track, keyframe, pts, data }));
			}
		}
	}

	#takeSound(adts: AdtsReader, chunk: Buffer): void {
		for (const { audioSpecificConfig, data } of adts.push(chunk)) {
			this.#audioSpecificConfig ??= audioSpecificConfig;
			const unit = this.#frames[this.#soundIndex] ?? 0;
			this.#frames[this.#soundIndex] = unit + 1;
			if (unit < AAC_PRIMING_UNITS) continue;
			const pts = (unit - AAC_PRIMING_UNITS) * SAMPLES_PER_AAC_UNIT;
			this.#hand(frameRecord({ track: this.#ladder.length, keyframe: true, pts, data }));
		}
	}

	#hand(record: Buffer): void {
		if (this.#state === "live" || this.#state === "ending") {
			this.#events.coded(record);
			return;
		}
		this.#held.push(record);
		if (this.#state === "starting" && this.#frames.every((frames) => frames >= PREWARM_FRAMES_OUT)) {
			this.#state = "warm";
			clearTimeout(this.#deadline);
		}
	}

	#goLive(captureMs: number): void {
		const startsAtMs = captureMs - (PREWARM_TICKS * 1000) / programmeFormat.frameRate;
		const configurations = { avcC: this.#avcC, audioSpecificConfig: this.#audioSpecificConfig };
		const tracks = trackConfigs({ ladder: this.#ladder, rungs: this.#rungs }, configurations);
		const run: Run = { run: this.#run, startsAtMs, tracks };
		this.#state = "live";
		this.#events.coded(runRecord(run));
		for (const record of this.#held.splice(0)) this.#events.coded(record);
		this.#log.info({ run: this.#run, ...this.#effort, startsAtMs }, "encoder is live");
	}

	#stop(): void {
		if (this.#state === "ended") return;
		this.#kill?.();
		for (const listener of this.#listeners.splice(0)) listener.close();
		this.#pictures?.close();
		this.#pictures = undefined;
		this.#sound?.destroy();
		this.#sound = undefined;
		this.#endIfOver();
	}

	#endIfOver(): void {
		if (!this.#exited || this.#outputs.size > 0 || this.#state === "ended") return;
		clearTimeout(this.#deadline);
		this.#state = "ended";
		this.#events.ended(this.#reason);
	}
}

import type { Socket } from "node:net";
import { join } from "node:path";
import type { Logger } from "pino";
import { frameRecord, type Run, runRecord, type TrackConfig } from "../coded-frames.ts";
import { programmeFormat } from "../programme-format.ts";
import { AdtsReader } from "./adts-reader.ts";
import { audioBitrate, rungs, startFfmpeg } from "./ffmpeg.ts";
import { FlvReader } from "./flv-reader.ts";
import { listenOnce, type OneConnection } from "./one-connection.ts";
import { type Picture, PictureInput } from "./picture-input.ts";
import { wavHeader } from "./wav-header.ts";

export interface Tick {
	/** When what it shows was captured, ms since the epoch. Sound: the samples captured from then on. */
	captureMs: number;
	picture: Picture;
	/** Interleaved, -1 to 1, programmeFormat.samplesPerTick of each channel. */
	sound: Float32Array;
}

export interface EncoderRunEvents {
	started: (pid: number) => void;
	/** Records for file descriptor 3. */
	coded: (record: Buffer) => void;
	/** Over, with every record handed out. `reason`: it did not end because it was told to. Once. */
	ended: (reason: string | undefined) => void;
}

/** Ticks encoded ahead of the first live one: once they are out, nothing is left that would hold up the live ones. */
const PREWARM_TICKS = 4;
const PREWARM_FRAMES_OUT = 2;
const PREWARM_DEADLINE_MS = 10_000;
/** Ticks, 5 s: players have long run dry, so a new run costs their audience nothing more. */
const MAX_BACKLOG = 150;
/** Encoder delay of ffmpeg's AAC: the first access unit is made of samples before the first. */
const AAC_PRIMING_UNITS = 1;
const SAMPLES_PER_AAC_UNIT = 1024;
const SOUND_TRACK = rungs.length;

/** One life of ffmpeg: one `Run`. */
export class EncoderRun {
	readonly #run: number;
	readonly #log: Logger;
	readonly #events: EncoderRunEvents;
	readonly #listeners: OneConnection[] = [];
	readonly #outputs = new Set<Socket>();
	readonly #frames = new Array<number>(rungs.length + 1).fill(0);
	readonly #avcC: (Buffer | undefined)[] = [];
	#audioSpecificConfig: Buffer | undefined;
	#held: Buffer[] = [];
	#state: "starting" | "warm" | "live" | "ending" | "ended" = "starting";
	#pictures: PictureInput | undefined;
	#sound: Socket | undefined;
	#kill: (() => void) | undefined;
	#exited = false;
	#reason: string | undefined;
	#deadline: NodeJS.Timeout;

	constructor(
		{ run, socketDir, picture }: { run: number; socketDir: string; picture: Picture },
		{ log, events }: { log: Logger; events: EncoderRunEvents },
	) {
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

	/** Encodes one tick; before the encoder is warm it is let go. */
	push({ captureMs, picture, sound }: Tick): void {
		if (this.#state === "warm") this.#goLive(captureMs);
		if (this.#state !== "live") return;
		this.#pictures?.push(picture);
		this.#sound?.write(Buffer.from(sound.slice().buffer));
		if ((this.#pictures?.backlog ?? 0) > MAX_BACKLOG) this.fail("it takes no more pictures");
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
			rungs: rungs.map(({ name }) => path(name)),
			aac: path("aac"),
		};
		const listen = async (at: string, connected: (socket: Socket) => void) => {
			this.#listeners.push(await listenOnce(at, connected));
		};
		await listen(sockets.pictures, (socket) => {
			this.#pictures = new PictureInput(socket);
			for (let tick = 0; tick < PREWARM_TICKS; tick++) this.#pictures.push(picture);
		});
		await listen(sockets.sound, (socket) => {
			this.#sound = socket;
			socket.write(wavHeader(programmeFormat));
			socket.write(Buffer.alloc(PREWARM_TICKS * programmeFormat.samplesPerTick * programmeFormat.channels * 4));
		});
		for (const [track, at] of sockets.rungs.entries()) {
			const flv = new FlvReader();
			await listen(at, (socket) => this.#read(socket, (chunk) => this.#takeVideo(track, flv, chunk)));
		}
		const adts = new AdtsReader();
		await listen(sockets.aac, (socket) => this.#read(socket, (chunk) => this.#takeSound(adts, chunk)));
		if (this.#state !== "starting") {
			this.#exited = true;
			return this.#stop();
		}
		this.#kill = startFfmpeg(sockets, {
			started: (pid) => {
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

	#takeVideo(track: number, flv: FlvReader, chunk: Buffer): void {
		for (const item of flv.push(chunk)) {
			if ("avcC" in item) {
				this.#avcC[track] = Buffer.from(item.avcC);
				continue;
			}
			const pts = this.#frames[track] ?? 0;
			const expectedMs = Math.round((pts * 1000) / programmeFormat.frameRate) % 2 ** 31;
			if (Math.abs(item.timestampMs - expectedMs) > 1)
				throw new Error(`frame ${pts} has the time ${item.timestampMs} ms`);
			this.#frames[track] = pts + 1;
			this.#hand(frameRecord({ track, keyframe: item.keyframe, pts, data: item.data }));
		}
	}

	#takeSound(adts: AdtsReader, chunk: Buffer): void {
		for (const { audioSpecificConfig, data } of adts.push(chunk)) {
			this.#audioSpecificConfig ??= audioSpecificConfig;
			const unit = this.#frames[SOUND_TRACK] ?? 0;
			this.#frames[SOUND_TRACK] = unit + 1;
			if (unit < AAC_PRIMING_UNITS) continue;
			const pts = (unit - AAC_PRIMING_UNITS) * SAMPLES_PER_AAC_UNIT;
			this.#hand(frameRecord({ track: SOUND_TRACK, keyframe: true, pts, data }));
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
		const video: TrackConfig[] = rungs.map(({ name, width, height, maxBitrate }, track) => ({
			kind: "video",
			name,
			width,
			height,
			frameRate: programmeFormat.frameRate,
			maxBitrate,
			avcC: this.#avcC[track]?.toString("base64") ?? "",
		}));
		const audio: TrackConfig = {
			kind: "audio",
			sampleRate: programmeFormat.sampleRate,
			channels: programmeFormat.channels,
			maxBitrate: audioBitrate,
			audioSpecificConfig: this.#audioSpecificConfig?.toString("base64") ?? "",
		};
		const run: Run = { run: this.#run, startsAtMs, tracks: [...video, audio] };
		this.#state = "live";
		this.#events.coded(runRecord(run));
		for (const record of this.#held.splice(0)) this.#events.coded(record);
		this.#log.info({ run: this.#run, startsAtMs }, "encoder is live");
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

import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { cpus } from "node:os";
import { join } from "node:path";
import type { Ladder } from "../ladder.ts";
import { programmeFormat } from "../programme-format.ts";
import { encoderCommand } from "./encoder-command.ts";
import { startFfmpeg } from "./ffmpeg.ts";
import { FlvReader } from "./flv-reader.ts";
import { listenOnce, type OneConnection } from "./one-connection.ts";
import { PictureInput } from "./picture-input.ts";
import { samplePictures } from "./sample-pictures.ts";
import type { EncoderName } from "./video-encoders.ts";
import { wavHeader } from "./wav-header.ts";

const DISTINCT_PICTURES = 12;
/** Not counted: what starting takes. */
const FIRST_FRAMES = 15;
const FRAMES = 75;
const PICTURES_AHEAD = 4;
const COUNTED_SECONDS = (FRAMES - FIRST_FRAMES) / programmeFormat.frameRate;
const DEADLINE_MS = 30_000;
/** Of /proc, on every Linux. */
const TICKS_PER_SECOND = 100;

export interface EncoderCost {
	/** CPU seconds for each second of programme. */
	cores: number;
	/** Seconds of programme encoded in a second. */
	speed: number;
	/** Cores that other processes took meanwhile. */
	otherCores: number;
}

/**
 * Encodes some seconds of sample pictures as fast as it can, by the command line of a programme.
 * @throws Error when it cannot be measured here, or was aborted
 */
export async function measureEncoder(
	{ encoder, ladder, socketDir }: { encoder: EncoderName; ladder: Ladder; socketDir: string },
	signal: AbortSignal,
): Promise<EncoderCost> {
	const pictures: Buffer[] = [];
	for (const picture of samplePictures(ladder[0], DISTINCT_PICTURES)) {
		pictures.push(picture);
		await new Promise((resolve) => setImmediate(resolve)); // the server answers meanwhile
	}
	const path = (name: string) => join(socketDir, `cost-${name}`);
	const sockets = {
		pictures: path("yuv"),
		sound: path("wav"),
		rungs: ladder.map(({ name }) => path(name)),
		aac: path("aac"),
	};
	const listeners: OneConnection[] = [];
	const listen = async (at: string, connected: (socket: Socket) => void) => {
		listeners.push(await listenOnce(at, connected));
	};
	const over = Promise.withResolvers<EncoderCost>();
	const abort = () => over.reject(new Error("it was aborted, or took too long"));
	const limit = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
	limit.addEventListener("abort", abort);
	let pid = 0;
	let begun: ReturnType<typeof now> | undefined;
	const frames = ladder.map(() => 0);
	const now = async () => {
		const cpuS = await cpuSecondsOf(pid);
		const { user, system } = process.cpuUsage();
		return { cpuS, otherS: busySeconds() - cpuS - (user + system) / 1e6, atMs: performance.now() };
	};
	const counted = async () => {
		const least = Math.min(...frames);
		if (least >= FIRST_FRAMES) begun ??= now();
		if (least < FRAMES || !begun) return;
		const [from, to] = await Promise.all([begun, now()]);
		const tookS = (to.atMs - from.atMs) / 1000;
		over.resolve({
			cores: (to.cpuS - from.cpuS) / COUNTED_SECONDS,
			speed: COUNTED_SECONDS / tookS,
			otherCores: (to.otherS - from.otherS) / tookS,
		});
	};
	let kill = () => {};
	let input: PictureInput | undefined;
	try {
		input = await PictureInput.create(sockets.pictures);
		feed(input, pictures);
		await listen(sockets.sound, (socket) => {
			socket.write(wavHeader(programmeFormat));
			socket.write(Buffer.from(hum().buffer));
		});
		for (const [rung, at] of sockets.rungs.entries()) {
			const flv = new FlvReader();
			await listen(at, (socket) =>
				socket.on("data", (chunk) => {
					for (const item of flv.push(chunk)) if ("data" in item) frames[rung] = (frames[rung] ?? 0) + 1;
					counted().catch(over.reject);
				}),
			);
		}
		await listen(sockets.aac, (socket) => socket.resume());
		limit.throwIfAborted();
		const command = { encoder, care: "full" as const, canvas: ladder[0], rungs: ladder, firstFrame: 0, sockets };
		kill = startFfmpeg(encoderCommand(command), {
			started: (started) => {
				pid = started;
			},
			ended: (error) => over.reject(error ?? new Error("ffmpeg ended by itself")),
		});
		return await over.promise;
	} finally {
		limit.removeEventListener("abort", abort);
		kill();
		input?.close();
		for (const listener of listeners) listener.close();
	}
}

/** Forth and back through the pictures, a few ahead of what is taken: none is repeated in place of another. */
function feed(input: PictureInput, pictures: Buffer[]): void {
	const turn = 2 * (DISTINCT_PICTURES - 1);
	let frame = 0;
	const push = () => {
		if (frame === FRAMES) return;
		const at = frame++ % turn;
		const data = pictures[at < DISTINCT_PICTURES ? at : turn - at] as Buffer;
		let holders = 0;
		input.push({
			data,
			retain: () => void holders++,
			release: () => {
				if (--holders === 0) push();
			},
		});
	};
	for (let ahead = 0; ahead < PICTURES_AHEAD; ahead++) push();
}

/** More sound than there are pictures, so that it is not waited for. */
function hum(): Float32Array {
	const samples = 2 * FRAMES * programmeFormat.samplesPerTick * programmeFormat.channels;
	return Float32Array.from({ length: samples }, (_, index) => 0.2 * Math.sin(index / 50) + 0.1 * Math.sin(index / 3.7));
}

/** Of the whole machine since it started. */
function busySeconds(): number {
	return cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + (user + nice + sys + irq) / 1000, 0);
}

async function cpuSecondsOf(pid: number): Promise<number> {
	const stat = await readFile(`/proc/${pid}/stat`, "latin1");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

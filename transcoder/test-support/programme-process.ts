import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { type CodedFrame, CodedFrameReader, type Run } from "../coded-frames.ts";
import { programmeNode } from "../programme-child.ts";
import type { FromProgramme, ToProgramme } from "../programme-messages.ts";

export interface RecordedRun extends Run {
	/** By track. */
	frames: CodedFrame[][];
}

/** The real process of a programme, and everything that came out of it. */
export class ProgrammeProcess {
	readonly runs: RecordedRun[] = [];
	readonly messages: FromProgramme[] = [];
	readonly log: string[] = [];
	/** Its exit code, once file descriptor 3 was read to its end as well. */
	readonly exited: Promise<number | null>;
	readonly #process: ChildProcess;
	#waiting: { until: () => boolean; resolve: () => void }[] = [];

	constructor() {
		const path = fileURLToPath(new URL("../programme-process.ts", import.meta.url));
		this.#process = spawn(process.execPath, [...programmeNode.flags, path], {
			stdio: ["ignore", "pipe", "pipe", "pipe", "ipc"],
			env: { ...process.env, ...programmeNode.environment },
		});
		const reader = new CodedFrameReader();
		const output = this.#process.stdio[3] as Readable;
		output.on("data", (chunk: Buffer) => {
			for (const item of reader.push(chunk)) {
				if ("run" in item) this.runs.push({ ...item.run, frames: item.run.tracks.map(() => []) });
				else this.runs.at(-1)?.frames[item.frame.track]?.push(item.frame);
			}
			this.#check();
		});
		this.#process.on("message", (message: FromProgramme) => {
			this.messages.push(message);
			this.#check();
		});
		for (const stream of [this.#process.stdout, this.#process.stderr]) {
			stream?.on("data", (text) => this.log.push(String(text)));
		}
		const read = once(output, "end");
		this.exited = once(this.#process, "exit").then(async ([code]) => {
			await read;
			return code as number | null;
		});
	}

	get pid(): number {
		return this.#process.pid ?? 0;
	}

	send(message: ToProgramme): void {
		this.#process.send(message);
	}

	/** Resolves when `until` holds; it is asked after everything that comes out of the process. */
	when(until: () => boolean): Promise<void> {
		if (until()) return Promise.resolve();
		return new Promise((resolve) => this.#waiting.push({ until, resolve }));
	}

	/** Capture time up to which every track is encoded. */
	encodedUntilMs(): number {
		const run = this.runs.at(-1);
		if (!run) return 0;
		const ends = run.tracks.map((track, index) => {
			const pts = run.frames[index]?.at(-1)?.pts ?? 0;
			return (pts * 1000) / (track.kind === "audio" ? track.sampleRate : track.frameRate);
		});
		return run.startsAtMs + Math.min(...ends);
	}

	/** Resolves when everything captured until then is encoded. */
	encoded(captureMs: number): Promise<void> {
		return this.when(() => this.encodedUntilMs() >= captureMs);
	}

	disconnect(): void {
		this.#process.disconnect();
	}

	kill(): void {
		this.#process.kill("SIGKILL");
	}

	#check(): void {
		this.#waiting = this.#waiting.filter(({ until, resolve }) => {
			if (!until()) return true;
			resolve();
			return false;
		});
	}
}

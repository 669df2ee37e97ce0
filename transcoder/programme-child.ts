import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Brand } from "../core/protocol/brand.ts";
import type { Scene } from "../core/protocol/scene.ts";
import type { Config } from "../core/runtime/config.ts";
import type { Logger } from "../core/runtime/log.ts";
import { type CodedFrame, CodedFrameReader, type Run } from "./coded-frames.ts";
import type { Ladder } from "./ladder.ts";
import type { FromProgramme, ToProgramme } from "./programme-messages.ts";

/** It has to load native code and start an encoder. */
const FIRST_FRAME_DEADLINE_MS = 15_000;
const FRAME_DEADLINE_MS = 4_000;
const WATCH_INTERVAL_MS = 500;
const END_DEADLINE_MS = 5_000;
const LONGEST_LOG_LINE = 2_000;

/** How Node is to run a programme's process. */
export const programmeNode = {
	/**
	 * What passes by at 30 pictures a second is to die young. And pictures outside of V8's heap must not count against the
	 * 8 MB by which so small a heap may grow: when some more of them wait than before, which is when time is short, V8 would
	 * mark the heap over and over, for a quarter of a core.
	 */
	flags: ["--min-semi-space-size=32", "--max-semi-space-size=64", "--heap-growing-percent=400"],
	/** Threads for decoding, and one of each encoder that waits until its picture is taken. */
	environment: { UV_THREADPOOL_SIZE: "8" },
};

interface ProgrammeChildOptions {
	/** Script of the programme's process. */
	programmePath: string;
	feedPath: string;
	/** A private directory for its sockets is made below, and removed again. */
	runDir: string;
	encoder: Config["encoder"];
	ladder: Ladder;
	scene: Scene;
	brand: Brand;
	/** `tileKey` of who spoke last. */
	speaker: string | undefined;
}

export interface ProgrammeChildEvents {
	/** What this throws ends the process. */
	run: (run: Run) => void;
	/** What this throws ends the process. */
	frame: (frame: CodedFrame) => void;
	message: (message: FromProgramme) => void;
	/** It has gone, and everything it wrote was read. Called once. */
	gone: () => void;
}

/** One life of a programme's process: it is killed when it stops giving frames, and ends with its owner. */
export class ProgrammeChild {
	readonly #process: ChildProcess;
	readonly #log: Logger;
	/** Its lines name their component and webinar themselves. */
	readonly #relayed: Logger;
	readonly #events: ProgrammeChildEvents;
	readonly #reader = new CodedFrameReader();
	readonly #watchdog: NodeJS.Timeout;
	readonly #gone: Promise<void>;
	#lastFrameAt: number | undefined;
	#broken = false;

	constructor(
		{ programmePath, feedPath, runDir, encoder, ladder, scene, brand, speaker }: ProgrammeChildOptions,
		{ log, events }: { log: Logger; events: ProgrammeChildEvents },
	) {
		// A new one each time: what a killed process left behind would be in the way of the next.
		const ownDir = mkdtempSync(join(runDir, "p-"));
		this.#process = spawn(process.execPath, [...programmeNode.flags, programmePath], {
			stdio: ["ignore", "pipe", "pipe", "pipe", "ipc"],
			env: { ...process.env, ...programmeNode.environment },
		});
		this.#relayed = log.child({ programmePid: this.#process.pid });
		this.#log = this.#relayed.child({ component: "programme-child", webinarId: scene.webinarId });
		this.#events = events;
		this.#process.on("error", (err) => this.#log.error({ err }, "the programme's process is out of reach"));
		this.#process.on("message", (message: FromProgramme) => events.message(message));
		for (const output of [this.#process.stdout, this.#process.stderr]) this.#relayLog(output as Readable);
		const coded = this.#process.stdio[3] as Readable;
		coded.on("data", (chunk: Buffer) => this.#read(chunk));
		coded.on("error", (err) => this.#log.warn({ err }, "coded frames broke off"));
		const startedAt = performance.now();
		this.#watchdog = setInterval(() => this.#watch(startedAt), WATCH_INTERVAL_MS);
		this.#gone = this.#awaitEnd(coded, ownDir);
		this.#send({ type: "start", feedPath, runDir: ownDir, encoder, ladder, scene, brand, speaker });
	}

	setScene(scene: Scene): void {
		this.#send({ type: "scene", scene });
	}

	setBrand(brand: Brand): void {
		this.#send({ type: "brand", brand });
	}

	setPreviewWatched(watched: boolean): void {
		this.#send({ type: "preview", watched });
	}

	/** Lets it flush what it has, and kills it when that takes too long. Resolves when it has gone. */
	async end(): Promise<void> {
		this.#send({ type: "end" });
		const deadline = setTimeout(() => this.#kill("it did not end in time"), END_DEADLINE_MS);
		await this.#gone;
		clearTimeout(deadline);
	}

	async #awaitEnd(coded: Readable, ownDir: string): Promise<void> {
		const codedClosed = new Promise<void>((resolve) => coded.once("close", resolve));
		const exited = Promise.withResolvers<void>();
		this.#process.once("exit", (code, signal) => {
			this.#log.info({ code, signal }, "the programme's process ended");
			exited.resolve();
		});
		this.#process.once("error", () => this.#process.pid === undefined && exited.resolve());
		await exited.promise;
		await codedClosed;
		clearInterval(this.#watchdog);
		await rm(ownDir, { recursive: true, force: true }).catch((err) => this.#log.warn({ err }, "its directory is left"));
		this.#events.gone();
	}

	#send(message: ToProgramme): void {
		// One that has gone cannot be told anything, and whoever owns it hears of that anyway.
		if (this.#process.connected) this.#process.send(message, () => {});
	}

	#read(chunk: Buffer): void {
		if (this.#broken) return;
		try {
			for (const record of this.#reader.push(chunk)) {
				if ("run" in record) {
					this.#events.run(record.run);
				} else {
					this.#lastFrameAt = performance.now();
					this.#events.frame(record.frame);
				}
			}
		} catch (err) {
			this.#broken = true;
			this.#log.error({ err }, "coded frames cannot be used");
			this.#kill("its frames cannot be used");
		}
	}

	#watch(startedAt: number): void {
		const [since, limit] =
			this.#lastFrameAt === undefined ? [startedAt, FIRST_FRAME_DEADLINE_MS] : [this.#lastFrameAt, FRAME_DEADLINE_MS];
		if (performance.now() - since > limit) this.#kill(`no frame for ${limit} ms`);
	}

	#kill(reason: string): void {
		if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
		this.#log.warn({ reason }, "killing the programme's process");
		this.#process.kill("SIGKILL");
	}

	/** Its lines of JSON become lines of our log; anything else is what native code has to say. */
	#relayLog(output: Readable): void {
		createInterface({ input: output }).on("line", (line) => {
			const entry = parseLogLine(line);
			if (entry) this.#relayed[entry.level](entry.fields, entry.message);
			else this.#log.warn({ line: line.slice(0, LONGEST_LOG_LINE) }, "the programme's process says");
		});
	}
}

const levels = { 10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal" } as const;

function parseLogLine(line: string) {
	try {
		const {
			level,
			time: _,
			msg,
			...fields
		} = JSON.parse(line) as { level: keyof typeof levels; time: unknown; msg?: string };
		return levels[level] && { level: levels[level], fields, message: msg ?? "" };
	} catch {
		return undefined;
	}
}

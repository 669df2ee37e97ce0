import { setTimeout as delay } from "node:timers/promises";
import type { EventTopics } from "../core/protocol/bus-topics.ts";
import type { Scene } from "../core/protocol/scene.ts";
import type { Logger } from "../core/runtime/log.ts";
import type { CodedFrame, Run } from "./coded-frames.ts";
import type { LiveStream } from "./origin/live-stream.ts";
import { Packager } from "./package/packager.ts";
import { ProgrammeChild } from "./programme-child.ts";
import type { FromProgramme } from "./programme-messages.ts";

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 2_000;
/** After frames for this long, what went wrong before counts no more. */
const STEADY_AFTER_MS = 10_000;

type ProgrammeState = EventTopics["programme-state"]["state"];

interface PipelineOptions {
	webinarId: string;
	/** Script of the programme's process. */
	programmePath: string;
	feedPath: string;
	runDir: string;
	/** Names this life of the programme in every media name. */
	epoch: string;
	scene: Scene;
}

export interface PipelineEvents {
	/** Only when it changes. */
	state: (state: ProgrammeState) => void;
	/** The programme's process ended unasked; another is started. */
	processLost: () => void;
	/** The process starts another. */
	encoderLost: () => void;
}

/**
 * One live programme, from its process's coded frames to the stream the origin serves. It keeps a process running until it
 * is ended: the audience sees a discontinuity when one is lost, never an end.
 */
export class Pipeline {
	readonly #options: PipelineOptions;
	readonly #rootLog: Logger;
	readonly #log: Logger;
	readonly #stream: LiveStream;
	readonly #events: PipelineEvents;
	readonly #packager: Packager;
	readonly #ending = new AbortController();
	readonly #supervision: Promise<void>;
	#scene: Scene;
	#child: ProgrammeChild | undefined;
	#state: ProgrammeState | undefined;
	#backoffMs = FIRST_BACKOFF_MS;

	constructor(
		options: PipelineOptions,
		{ log, stream, events }: { log: Logger; stream: LiveStream; events: PipelineEvents },
	) {
		this.#options = options;
		this.#scene = options.scene;
		this.#rootLog = log;
		this.#log = log.child({ component: "pipeline", webinarId: options.webinarId });
		this.#stream = stream;
		this.#events = events;
		this.#packager = new Packager({ epoch: options.epoch, publish: (publication) => stream.publish(publication) });
		this.#setState("starting");
		this.#supervision = this.#supervise();
	}

	setScene(scene: Scene): void {
		this.#scene = scene;
		this.#child?.setScene(scene);
	}

	/** Ends the programme: what was composed is published, with ENDLIST in every playlist. Idempotent. */
	async end(): Promise<void> {
		await this.#stop();
		this.#packager.end();
		this.#stream.close();
		this.#setState("ended");
	}

	/** The server ends: the process is ended, the audience is told nothing of an end. */
	async close(): Promise<void> {
		this.#stream.close();
		await this.#stop();
	}

	async #stop(): Promise<void> {
		this.#ending.abort();
		await this.#child?.end();
		await this.#supervision;
	}

	async #supervise(): Promise<void> {
		while (!this.#ending.signal.aborted) {
			try {
				await this.#runChild();
			} catch (err) {
				this.#log.error({ err }, "the programme's process did not start");
			}
			if (this.#ending.signal.aborted) return;
			this.#setState("recovering");
			this.#events.processLost();
			await delay(this.#backoffMs, undefined, { signal: this.#ending.signal }).catch(() => {});
			this.#backoffMs = Math.min(2 * this.#backoffMs, LONGEST_BACKOFF_MS);
		}
	}

	/** Resolves when the process has gone. */
	async #runChild(): Promise<void> {
		const gone = Promise.withResolvers<void>();
		const { programmePath, feedPath, runDir } = this.#options;
		let firstFrameAt: number | undefined;
		const frame = (coded: CodedFrame) => {
			firstFrameAt ??= performance.now();
			if (performance.now() - firstFrameAt > STEADY_AFTER_MS) this.#backoffMs = FIRST_BACKOFF_MS;
			if (this.#packager.add(coded)) this.#setState("running");
		};
		const run = (started: Run) => this.#packager.startRun(started);
		const message = (heard: FromProgramme) => this.#hear(heard);
		this.#child = new ProgrammeChild(
			{ programmePath, feedPath, runDir, scene: this.#scene },
			{ log: this.#rootLog, events: { run, frame, message, gone: gone.resolve } },
		);
		await gone.promise;
		this.#child = undefined;
		this.#packager.endRun();
	}

	#hear(message: FromProgramme): void {
		if (message.type === "encoder-started") {
			this.#log.info({ encoderPid: message.pid }, "encoder started");
		} else {
			this.#log.warn({ reason: message.reason }, "encoder lost");
			this.#events.encoderLost();
			this.#setState("recovering");
		}
	}

	#setState(state: ProgrammeState): void {
		if (state === this.#state) return;
		this.#state = state;
		this.#log.info({ state }, "programme");
		this.#events.state(state);
	}
}

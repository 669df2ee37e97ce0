import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Brand } from "../core/protocol/brand.ts";
import type { EventTopics, Loudness, RetainedTopics } from "../core/protocol/bus-topics.ts";
import { type Scene, tileKey } from "../core/protocol/scene.ts";
import type { Shedding } from "../core/protocol/shedding.ts";
import type { Config } from "../core/runtime/config.ts";
import type { Logger } from "../core/runtime/log.ts";
import type { Archive } from "./archive/archive.ts";
import type { ProgrammeChange } from "./change-watch.ts";
import type { CodedFrame, Run } from "./coded-frames.ts";
import { type Ladder, ladderOfRenditions } from "./ladder.ts";
import type { LoadReport } from "./load-watch.ts";
import type { LiveStream } from "./origin/live-stream.ts";
import { Outputs, type OutputsEvents } from "./outputs/outputs.ts";
import { Packager } from "./package/packager.ts";
import { ProgrammeChild } from "./programme-child.ts";
import type { FromProgramme } from "./programme-messages.ts";
import type { Publication } from "./publication.ts";
import { PublicationGate } from "./publication-gate.ts";
import type { Timeline } from "./timeline.ts";

const FIRST_BACKOFF_MS = 100;
/** The hole of a process that is lost again and again stays below three seconds: starting takes most of two. */
const LONGEST_BACKOFF_MS = 1_000;
/** After frames for this long, what went wrong before counts no more: it can start, and another follows at once. */
const STEADY_AFTER_MS = 1_000;

type ProgrammeState = EventTopics["programme-state"]["state"];

interface PipelineOptions {
	webinarId: string;
	/** Script of the programme's process. */
	programmePath: string;
	feedPath: string;
	runDir: string;
	/** Names this life of the programme in every media name: a-z and 0-9. */
	epoch: string;
	/** What is published goes there; what an earlier life left there is gone on with. */
	archive: Archive;
	/** Seconds the playlists list; null: all. */
	windowSeconds: number | null;
	encoder: Config["encoder"];
	/** It begins when this is known, unless it goes on with that of an earlier life. */
	ladder: Promise<Ladder>;
	scene: Scene;
	brand: Brand;
}

export interface PipelineEvents {
	/** Only when either changes, and only of what is published. */
	state: (state: ProgrammeState, shedding: Shedding) => void;
	/** The programme's process ended unasked; another is started. */
	processLost: () => void;
	/** The process starts another. */
	encoderLost: () => void;
	load: (report: LoadReport) => void;
	loudness: (levels: Loudness[]) => void;
	outputState: OutputsEvents["state"];
	/** Told by each new process anew, and when it is published. */
	changed: (change: ProgrammeChange) => void;
}

/**
 * One programme, from its process's coded frames to the stream the origin serves. It keeps a process running until it is
 * ended: the audience sees a discontinuity when one is lost, never an end. Before it is published it is a preview.
 */
export class Pipeline {
	readonly #options: PipelineOptions;
	readonly #rootLog: Logger;
	readonly #log: Logger;
	readonly #events: PipelineEvents;
	readonly #gate = new PublicationGate();
	readonly #outputs: Outputs;
	/** Once it is published. */
	#stream: LiveStream | undefined;
	#beginning: Promise<void> | undefined;
	readonly #ladder: Promise<Ladder>;
	/** What an earlier life left, until the packager has it. */
	#timeline: Promise<Timeline | undefined>;
	#packager: Packager | undefined;
	readonly #ending = new AbortController();
	readonly #supervision: Promise<void>;
	#scene: Scene;
	#brand: Brand;
	#previewWatched = false;
	#wantedOutputs: RetainedTopics["outputs"] = [];
	/** What it shows. */
	#shows: ProgrammeChange | undefined;
	#child: ProgrammeChild | undefined;
	#state: ProgrammeState | undefined;
	#shedding: Shedding = "none";
	#backoffMs = FIRST_BACKOFF_MS;

	constructor(options: PipelineOptions, { log, events }: { log: Logger; events: PipelineEvents }) {
		this.#options = options;
		this.#scene = options.scene;
		this.#brand = options.brand;
		this.#rootLog = log;
		this.#log = log.child({ component: "pipeline", webinarId: options.webinarId });
		this.#events = events;
		this.#outputs = new Outputs({
			log: log.child({ webinarId: options.webinarId }),
			events: { state: events.outputState },
		});
		this.#timeline = options.archive.restore();
		this.#ladder = this.#timeline.then(
			(left) => (left && ladderOfRenditions(left.stream.renditions)) ?? options.ladder,
		);
		this.#supervision = this.#supervise();
	}

	/** From now on it is published, while its preview goes on. Again is harmless. */
	publish(stream: LiveStream): void {
		if (this.#stream) return;
		this.#stream = stream;
		this.#setState("starting");
		this.#beginning = this.#begin(stream);
	}

	async #begin(stream: LiveStream): Promise<void> {
		const { archive, epoch, windowSeconds } = this.#options;
		const timeline = await this.#timeline;
		this.#timeline = Promise.resolve(undefined);
		const isTaken = timeline?.runs.some((run) => run.epoch === epoch);
		const options = {
			epoch: isTaken ? `${epoch}x` : epoch,
			windowSeconds,
			store: archive,
			publish: (publication: Publication) => stream.publish(publication),
		};
		try {
			this.#packager = new Packager({ ...options, timeline });
		} catch (err) {
			archive.setAside(err);
			this.#packager = new Packager({ ...options, timeline: undefined });
		}
		this.#gate.open(this.#packager, Date.now());
		if (this.#ending.signal.aborted) return;
		this.#outputs.set(this.#wantedOutputs);
		if (this.#shows) this.#events.changed({ ...this.#shows, at: Date.now() });
	}

	setPreviewWatched(watched: boolean): void {
		this.#previewWatched = watched;
		this.#child?.setPreviewWatched(watched);
	}

	setScene(scene: Scene): void {
		this.#scene = scene;
		this.#child?.setScene(scene);
	}

	setBrand(brand: Brand): void {
		this.#brand = brand;
		this.#child?.setBrand(brand);
	}

	/** Where it is sent besides, from when it is published. */
	setOutputs(outputs: RetainedTopics["outputs"]): void {
		this.#wantedOutputs = outputs;
		if (this.#stream && !this.#ending.signal.aborted) this.#outputs.set(outputs);
	}

	/** Ends the programme: what was composed is published, with ENDLIST in every playlist. Idempotent. */
	async end(): Promise<void> {
		await this.#stop();
		this.#packager?.end();
		this.#stream?.close();
		this.#setState("ended");
		await this.#options.archive.close();
	}

	/** The server ends: the process is ended, the audience is told nothing of an end. */
	async close(): Promise<void> {
		this.#stream?.close();
		await this.#stop();
		await this.#options.archive.close();
	}

	async #stop(): Promise<void> {
		this.#ending.abort();
		await this.#beginning;
		await this.#child?.end();
		await this.#supervision;
		await this.#outputs.close();
	}

	async #supervise(): Promise<void> {
		while (!this.#ending.signal.aborted) {
			try {
				await this.#runChild();
			} catch (err) {
				this.#log.error({ err }, "the programme's process did not start");
			}
			if (this.#ending.signal.aborted) return;
			this.#setState("recovering", "none");
			this.#events.processLost();
			await delay(this.#backoffMs, undefined, { signal: this.#ending.signal }).catch(() => {});
			this.#backoffMs = Math.min(2 * this.#backoffMs, LONGEST_BACKOFF_MS);
		}
	}

	/** Resolves when the process has gone. */
	async #runChild(): Promise<void> {
		const gone = Promise.withResolvers<void>();
		const { programmePath, feedPath, runDir, encoder } = this.#options;
		const ended = once(this.#ending.signal, "abort").then(() => undefined);
		const ladder = await Promise.race([this.#ladder, ended]);
		if (!ladder || this.#ending.signal.aborted) return;
		let firstFrameAt: number | undefined;
		const frame = (coded: CodedFrame) => {
			firstFrameAt ??= performance.now();
			if (performance.now() - firstFrameAt > STEADY_AFTER_MS) this.#backoffMs = FIRST_BACKOFF_MS;
			if (this.#gate.add(coded)) this.#setState("running");
			if (this.#stream) this.#outputs.push(coded);
		};
		const run = (started: Run) => {
			this.#gate.startRun(started);
			this.#outputs.startRun(started);
		};
		const message = (heard: FromProgramme) => this.#hear(heard);
		const speaker = this.#shows?.speaker ? tileKey(this.#shows.speaker) : undefined;
		this.#child = new ProgrammeChild(
			{ programmePath, feedPath, runDir, encoder, ladder, scene: this.#scene, brand: this.#brand, speaker },
			{ log: this.#rootLog, events: { run, frame, message, gone: gone.resolve } },
		);
		if (this.#previewWatched) this.#child.setPreviewWatched(true);
		await gone.promise;
		this.#child = undefined;
		this.#gate.endRun();
	}

	#hear(message: FromProgramme): void {
		if (message.type === "encoder-started") {
			this.#log.info({ encoderPid: message.pid }, "encoder started");
		} else if (message.type === "encoder-lost") {
			this.#log.warn({ reason: message.reason }, "encoder lost");
			this.#events.encoderLost();
			this.#setState("recovering");
		} else if (message.type === "load") {
			this.#events.load(message);
			this.#setState(this.#state ?? "starting", message.shedding);
		} else if (message.type === "change") this.#onChange(message.change);
		else this.#events.loudness(message.levels);
	}

	/** What nobody but the preview saw is no part of what is told of the programme. */
	#onChange(change: ProgrammeChange): void {
		this.#shows = change;
		if (this.#stream) this.#events.changed(change);
	}

	#setState(state: ProgrammeState, shedding = this.#shedding): void {
		if (!this.#stream || (state === this.#state && shedding === this.#shedding)) return;
		this.#state = state;
		this.#shedding = shedding;
		this.#log.info({ state, shedding }, "programme");
		this.#events.state(state, shedding);
	}
}

import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyPluginAsync } from "fastify";
import type { Registry } from "prom-client";
import { type Brand, plainBrand } from "../core/protocol/brand.ts";
import type { RetainedTopics } from "../core/protocol/bus-topics.ts";
import type { Scene } from "../core/protocol/scene.ts";
import type { Bus } from "../core/runtime/bus.ts";
import type { Clock } from "../core/runtime/clock.ts";
import type { Config } from "../core/runtime/config.ts";
import type { Logger } from "../core/runtime/log.ts";
import type { PlaybackPasses } from "../core/runtime/playback-passes.ts";
import { Archive } from "./archive/archive.ts";
import type { Ladder } from "./ladder.ts";
import type { LoadReport } from "./load-watch.ts";
import { Origin } from "./origin/origin.ts";
import { Pipeline, type PipelineEvents } from "./pipeline.ts";
import { PlaybackDoor } from "./playback-door.ts";
import { ProgrammeMetrics } from "./programme-metrics.ts";
import { createUploader, type Uploader } from "./upload/uploader.ts";

/** Whoever lags behind or rewinds may see an ended programme to its end. */
const SERVED_AFTER_END_MS = 10 * 60_000;
/** Whoever looked at a preview may come back: a page that is reloaded does. */
const PREVIEW_KEPT_MS = 5_000;

interface TranscoderOptions {
	/** UNIX socket on which ingest gives out what publishers send. */
	feedPath: string;
	/** Media and timelines are kept below it, in `live/<webinarId>`. */
	dataDir: string;
	/** Seconds that playlists list; null: the whole programme. */
	windowSeconds: number | null;
	/** A directory of this server's own for sockets; its path must be short. */
	runDir: string;
	/** Where what is on disk is uploaded to. */
	s3?: Config["s3"];
	encoder: Config["encoder"];
	/** Programmes wait for it. */
	ladder: Promise<Ladder>;
	/** Script of a programme's process, which a test replaces. */
	programmePath?: string;
}

interface TranscoderDeps {
	log: Logger;
	clock: Clock;
	bus: Bus;
	metrics: Registry;
	/** What opens private webinars' programmes. */
	passes: PlaybackPasses;
}

export interface Transcoder {
	/** Serves `/live/:id/…`. */
	plugin: FastifyPluginAsync;
	/** Lets go of every waiting request with 503, and ends every programme's process. Idempotent. */
	close(): Promise<void>;
}

/** Runs the programmes that control wants (bus topic `programme`), and serves those that are live. */
export async function createTranscoder(options: TranscoderOptions, deps: TranscoderDeps): Promise<Transcoder> {
	const { s3, dataDir } = options;
	const door = new PlaybackDoor(deps);
	const isPrivate = (webinarId: string) => !door.admits(webinarId, undefined);
	const uploader = s3 && (await createUploader({ ...s3, dataDir }, { ...deps, isPrivate }));
	const origin = new Origin({ ...deps, admits: door.admits });
	const programmes = new Programmes(options, deps, { origin, uploader });
	return {
		plugin: origin.plugin,
		async close() {
			door.close();
			origin.close();
			await programmes.close();
			await uploader?.close();
		},
	};
}

interface RunningProgramme {
	pipeline: Pipeline;
	archive: Archive;
	/** It is published, or was. */
	live: boolean;
	/** Of a preview that nobody wants any more. */
	ending?: NodeJS.Timeout | undefined;
	/** The newest of its process. */
	load?: LoadReport | undefined;
	/** Set once it is to end. */
	ended?: Promise<void>;
}

class Programmes {
	readonly #options: TranscoderOptions;
	readonly #deps: TranscoderDeps;
	readonly #log: Logger;
	readonly #origin: Origin;
	readonly #uploader: Uploader | undefined;
	readonly #programmes = new Map<string, RunningProgramme>();
	readonly #brands = new Map<string, Brand>();
	readonly #outputs = new Map<string, RetainedTopics["outputs"]>();
	/** Webinars whose programme somebody watches by WHEP. */
	readonly #watched = new Set<string>();
	readonly #forgetting = new Map<string, NodeJS.Timeout>();
	/** Previews that were ended. */
	readonly #closing = new Set<Promise<void>>();
	readonly #metrics: ProgrammeMetrics;
	readonly #unwatch: (() => void)[];

	constructor(
		options: TranscoderOptions,
		deps: TranscoderDeps,
		{ origin, uploader }: { origin: Origin; uploader: Uploader | undefined },
	) {
		this.#options = options;
		this.#deps = deps;
		this.#log = deps.log.child({ component: "transcoder" });
		this.#origin = origin;
		this.#uploader = uploader;
		const running = () => [...this.#programmes.values()].filter(({ live, ended }) => live && !ended);
		this.#metrics = new ProgrammeMetrics(deps.metrics, { live: () => running().map(({ load }) => load) });
		const onError = (err: unknown) => this.#log.error({ err }, "a programme did not end cleanly");
		this.#unwatch = [
			deps.bus.watch("brand", (webinarId, brand) => {
				if (brand) this.#brands.set(webinarId, brand);
				else this.#brands.delete(webinarId);
				this.#programmes.get(webinarId)?.pipeline.setBrand(brand ?? plainBrand);
			}),
			deps.bus.watch("outputs", (webinarId, outputs) => {
				if (outputs) this.#outputs.set(webinarId, outputs);
				else this.#outputs.delete(webinarId);
				this.#programmes.get(webinarId)?.pipeline.setOutputs(outputs ?? []);
			}),
			deps.bus.watch("programme", (webinarId, wish) => {
				const programme = this.#programmes.get(webinarId);
				clearTimeout(programme?.ending);
				if (wish && wish.desired !== "ended") this.#moveTo(webinarId, wish.scene, wish.desired === "live");
				else if (programme && !programme.live)
					programme.ending = setTimeout(() => this.#endPreview(webinarId), PREVIEW_KEPT_MS);
				else this.#end(webinarId, wish === null ? 0 : SERVED_AFTER_END_MS).catch(onError);
			}),
			deps.bus.subscribe("webinar-deleted", ({ webinarId }) => void this.#delete(webinarId).catch(onError)),
			deps.bus.watch("programme-watched", (webinarId, watched) => {
				if (watched) this.#watched.add(webinarId);
				else this.#watched.delete(webinarId);
				this.#programmes.get(webinarId)?.pipeline.setPreviewWatched(watched !== null);
			}),
		];
	}

	async close(): Promise<void> {
		for (const stop of this.#unwatch) stop();
		for (const timer of this.#forgetting.values()) clearTimeout(timer);
		for (const { ending } of this.#programmes.values()) clearTimeout(ending);
		const ending = [...this.#programmes.values()].map(async ({ pipeline, archive, ended }) => {
			await (ended ?? pipeline.close());
			await archive.close();
		});
		await Promise.all([...ending, ...this.#closing]);
		this.#programmes.clear();
	}

	#moveTo(webinarId: string, scene: Scene, live: boolean): void {
		const programme = this.#programmes.get(webinarId) ?? this.#start(webinarId, scene);
		if (programme.ended) {
			this.#log.error({ webinarId }, "an ended webinar cannot go live again");
			return;
		}
		programme.pipeline.setScene(scene);
		if (!live || programme.live) return;
		programme.live = true;
		programme.pipeline.publish(this.#origin.open(webinarId, programme.archive));
	}

	#start(webinarId: string, scene: Scene): RunningProgramme {
		const { bus, clock, log } = this.#deps;
		const {
			feedPath,
			runDir,
			encoder,
			ladder,
			windowSeconds,
			programmePath = join(import.meta.dirname, "programme-process.ts"),
		} = this.#options;
		const events: PipelineEvents = {
			state: (state, shedding) => bus.publish("programme-state", { webinarId, state, shedding }),
			processLost: () => {
				this.#metrics.processLost();
				this.#setLoad(webinarId, undefined);
			},
			encoderLost: () => this.#metrics.encoderLost(),
			load: (load) => {
				this.#setLoad(webinarId, load);
				this.#metrics.load(load);
			},
			loudness: (levels) => bus.publish("loudness", { webinarId, levels }),
			outputState: (event) => bus.publish("output-state", { webinarId, ...event }),
			changed: (change) => bus.publish("programme-change", { webinarId, ...change }),
		};
		const brand = this.#brands.get(webinarId) ?? plainBrand;
		const epoch = clock.now().toString(36);
		const archive = this.#archive(webinarId);
		const pipeline = new Pipeline(
			{ webinarId, programmePath, feedPath, runDir, epoch, archive, windowSeconds, encoder, ladder, scene, brand },
			{ log, events },
		);
		pipeline.setPreviewWatched(this.#watched.has(webinarId));
		pipeline.setOutputs(this.#outputs.get(webinarId) ?? []);
		const programme: RunningProgramme = { pipeline, archive, live: false };
		this.#programmes.set(webinarId, programme);
		return programme;
	}

	#archive(webinarId: string): Archive {
		const { bus, log } = this.#deps;
		return new Archive(this.#directory(webinarId), {
			log: log.child({ component: "archive", webinarId }),
			events: {
				state: (state, reason) => bus.publish("archive-state", { webinarId, state, ...(reason && { reason }) }),
				stored: ({ rendition, name, contentType }) =>
					this.#uploader?.add(webinarId, rendition === undefined ? name : `${rendition}/${name}`, contentType),
			},
		});
	}

	#directory(webinarId: string): string {
		return join(this.#options.dataDir, "live", webinarId);
	}

	/** It was never published, so nothing is kept of it, and the next one begins anew. */
	#endPreview(webinarId: string): void {
		const programme = this.#programmes.get(webinarId);
		if (!programme || programme.live) return;
		this.#programmes.delete(webinarId);
		const closing = programme.pipeline
			.close()
			.then(() => programme.archive.close())
			.catch((err) => this.#log.error({ err, webinarId }, "a preview did not end cleanly"))
			.finally(() => this.#closing.delete(closing));
		this.#closing.add(closing);
	}

	#setLoad(webinarId: string, load: LoadReport | undefined): void {
		const programme = this.#programmes.get(webinarId);
		if (programme) programme.load = load;
	}

	async #end(webinarId: string, servedForMs: number): Promise<void> {
		const programme = this.#programmes.get(webinarId);
		if (!programme) return;
		programme.ended ??= programme.pipeline.end();
		await programme.ended;
		clearTimeout(this.#forgetting.get(webinarId));
		const forget = () => void this.#forget(webinarId);
		this.#forgetting.set(webinarId, setTimeout(forget, servedForMs).unref());
	}

	async #forget(webinarId: string): Promise<void> {
		clearTimeout(this.#forgetting.get(webinarId));
		this.#forgetting.delete(webinarId);
		const programme = this.#programmes.get(webinarId);
		this.#programmes.delete(webinarId);
		this.#origin.forget(webinarId);
		await programme?.archive.close();
	}

	/** Nothing of it is kept. */
	async #delete(webinarId: string): Promise<void> {
		await this.#end(webinarId, SERVED_AFTER_END_MS);
		await this.#forget(webinarId);
		this.#uploader?.remove(webinarId);
		await rm(this.#directory(webinarId), { recursive: true, force: true });
	}
}

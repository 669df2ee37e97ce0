import { join } from "node:path";
import type { FastifyPluginAsync } from "fastify";
import { Counter, Gauge, type Registry } from "prom-client";
import type { Scene } from "../core/protocol/scene.ts";
import type { Bus } from "../core/runtime/bus.ts";
import type { Clock } from "../core/runtime/clock.ts";
import type { Logger } from "../core/runtime/log.ts";
import { Origin } from "./origin/origin.ts";
import { Pipeline, type PipelineEvents } from "./pipeline.ts";

/** Whoever lags behind or rewinds may see an ended programme to its end. */
const SERVED_AFTER_END_MS = 10 * 60_000;

interface TranscoderOptions {
	/** UNIX socket on which ingest gives out what publishers send. */
	feedPath: string;
	/** A directory of this server's own for sockets; its path must be short. */
	runDir: string;
	/** Script of a programme's process, which a test replaces. */
	programmePath?: string;
}

interface TranscoderDeps {
	log: Logger;
	clock: Clock;
	bus: Bus;
	metrics: Registry;
}

export interface Transcoder {
	/** Serves `/live/:id/…`. */
	plugin: FastifyPluginAsync;
	/** Lets go of every waiting request with 503, and ends every programme's process. Idempotent. */
	close(): Promise<void>;
}

/** Runs the programmes that control wants live (bus topic `programme`), and serves them. */
export async function createTranscoder(options: TranscoderOptions, deps: TranscoderDeps): Promise<Transcoder> {
	const origin = new Origin(deps);
	const programmes = new Programmes(options, deps, origin);
	return {
		plugin: origin.plugin,
		async close() {
			origin.close();
			await programmes.close();
		},
	};
}

interface LiveProgramme {
	pipeline: Pipeline;
	/** Set once it is to end. */
	ended?: Promise<void>;
}

class Programmes {
	readonly #options: TranscoderOptions;
	readonly #deps: TranscoderDeps;
	readonly #log: Logger;
	readonly #origin: Origin;
	readonly #programmes = new Map<string, LiveProgramme>();
	readonly #forgetting = new Map<string, NodeJS.Timeout>();
	readonly #processRestarts: Counter;
	readonly #encoderRestarts: Counter;
	readonly #unwatch: () => void;

	constructor(options: TranscoderOptions, deps: TranscoderDeps, origin: Origin) {
		this.#options = options;
		this.#deps = deps;
		this.#log = deps.log.child({ component: "transcoder" });
		this.#origin = origin;
		const registers = [deps.metrics];
		this.#processRestarts = new Counter({
			name: "rostrum_programme_process_restarts_total",
			help: "Programme processes that were started again after one was lost",
			registers,
		});
		this.#encoderRestarts = new Counter({
			name: "rostrum_encoder_restarts_total",
			help: "Encoders that a programme lost and replaced",
			registers,
		});
		const running = () => [...this.#programmes.values()].filter(({ ended }) => !ended).length;
		new Gauge({
			name: "rostrum_programmes_running",
			help: "Live programmes",
			registers,
			collect() {
				this.set(running());
			},
		});
		const onError = (err: unknown) => this.#log.error({ err }, "a programme did not end cleanly");
		this.#unwatch = deps.bus.watch("programme", (webinarId, wish) => {
			if (wish?.desired === "live") this.#moveTo(webinarId, wish.scene);
			else this.#end(webinarId, wish === null ? 0 : SERVED_AFTER_END_MS).catch(onError);
		});
	}

	async close(): Promise<void> {
		this.#unwatch();
		for (const timer of this.#forgetting.values()) clearTimeout(timer);
		const ending = [...this.#programmes.values()].map(({ pipeline, ended }) => ended ?? pipeline.close());
		await Promise.all(ending);
		this.#programmes.clear();
	}

	#moveTo(webinarId: string, scene: Scene): void {
		const programme = this.#programmes.get(webinarId);
		if (!programme) this.#start(webinarId, scene);
		else if (!programme.ended) programme.pipeline.setScene(scene);
		else this.#log.error({ webinarId }, "an ended webinar cannot go live again");
	}

	#start(webinarId: string, scene: Scene): void {
		const { bus, clock, log } = this.#deps;
		const { feedPath, runDir, programmePath = join(import.meta.dirname, "programme-process.ts") } = this.#options;
		const events: PipelineEvents = {
			state: (state) => bus.publish("programme-state", { webinarId, state }),
			processLost: () => this.#processRestarts.inc(),
			encoderLost: () => this.#encoderRestarts.inc(),
		};
		const epoch = clock.now().toString(36);
		const stream = this.#origin.open(webinarId);
		const pipeline = new Pipeline(
			{ webinarId, programmePath, feedPath, runDir, epoch, scene },
			{ log, stream, events },
		);
		this.#programmes.set(webinarId, { pipeline });
	}

	async #end(webinarId: string, servedForMs: number): Promise<void> {
		const programme = this.#programmes.get(webinarId);
		if (!programme) return;
		programme.ended ??= programme.pipeline.end();
		await programme.ended;
		clearTimeout(this.#forgetting.get(webinarId));
		const forget = () => {
			this.#forgetting.delete(webinarId);
			this.#programmes.delete(webinarId);
			this.#origin.forget(webinarId);
		};
		this.#forgetting.set(webinarId, setTimeout(forget, servedForMs).unref());
	}
}

import { Counter, Gauge, type Registry } from "prom-client";
import { sheddingSchema } from "../core/protocol/shedding.ts";
import type { LoadReport } from "./load-watch.ts";

/** What the programmes of this server cost, and what they had to do without. */
export class ProgrammeMetrics {
	readonly #processRestarts: Counter;
	readonly #encoderRestarts: Counter;
	readonly #lateTicks: Counter;
	readonly #repeatedPictures: Counter;

	/** `live`: of each live programme the newest report, if it has told one. */
	constructor(registry: Registry, { live }: { live: () => (LoadReport | undefined)[] }) {
		const registers = [registry];
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
		this.#lateTicks = new Counter({
			name: "rostrum_programme_late_ticks_total",
			help: "Pictures of programmes that were begun 10 ms or more after they were due",
			registers,
		});
		this.#repeatedPictures = new Counter({
			name: "rostrum_programme_repeated_pictures_total",
			help: "Pictures of programmes that were repeated, in place of new ones, for lack of time",
			registers,
		});
		new Gauge({
			name: "rostrum_programmes_running",
			help: "Live programmes",
			registers,
			collect() {
				this.set(live().length);
			},
		});
		new Gauge({
			name: "rostrum_encoder_backlog_frames",
			help: "Most pictures that were in the encoder of any programme in the last second",
			registers,
			collect() {
				this.set(Math.max(0, ...live().map((load) => load?.backlogFrames ?? 0)));
			},
		});
		new Gauge({
			name: "rostrum_programmes_shedding",
			help: "Live programmes that give something up because the machine has too little time",
			labelNames: ["shedding"],
			registers,
			collect() {
				for (const shedding of sheddingSchema.exclude(["none"]).options) {
					this.set({ shedding }, live().filter((load) => load?.shedding === shedding).length);
				}
			},
		});
	}

	processLost(): void {
		this.#processRestarts.inc();
	}

	encoderLost(): void {
		this.#encoderRestarts.inc();
	}

	load({ lateTicks, repeatedPictures }: LoadReport): void {
		this.#lateTicks.inc(lateTicks);
		this.#repeatedPictures.inc(repeatedPictures);
	}
}

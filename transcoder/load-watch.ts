import type { Logger } from "pino";
import type { Shedding } from "../core/protocol/shedding.ts";
import { LoadShedder } from "./load-shedder.ts";
import { programmeFormat } from "./programme-format.ts";

export interface LoadReport {
	/** Most ticks that were in the encoder at once since the last report. */
	backlogFrames: number;
	shedding: Shedding;
	/** Ticks since the last report that began LATE_MS or more after they were due. */
	lateTicks: number;
	/** Pictures since then that were repeated, in place of new ones. */
	repeatedPictures: number;
}

const LATE_MS = 10;

const REPORT_TICKS = programmeFormat.frameRate;
const LOG_TICKS = 10 * programmeFormat.frameRate;

/** Sheds load, and says what became of it: every second to `reported`, what changes also at once and to the log. */
export class LoadWatch {
	readonly #log: Logger;
	readonly #reported: (report: LoadReport) => void;
	readonly #shedder: LoadShedder;
	#shedding: Shedding = "none";
	#ticks = 0;
	#mostSinceReport = 0;
	#lateSinceReport = 0;
	#repeatedSinceReport = 0;
	#mostSinceLog = 0;
	#repeatedSinceLog = 0;

	/** `rungs`: of the ladder. */
	constructor(
		{ rungs }: { rungs: number },
		{ log, reported }: { log: Logger; reported: (report: LoadReport) => void },
	) {
		this.#shedder = new LoadShedder({ rungs });
		this.#log = log.child({ component: "load" });
		this.#reported = reported;
	}

	get shedding(): Shedding {
		return this.#shedding;
	}

	/** Once for each tick; see LoadShedder. `lateByMs`: from when it was due until now. */
	tick({ lateByMs, ...load }: { backlog: number; behind: number; lateByMs: number }): boolean {
		const repeat = this.#shedder.tick(load);
		this.#ticks++;
		this.#mostSinceReport = Math.max(this.#mostSinceReport, load.backlog);
		this.#mostSinceLog = Math.max(this.#mostSinceLog, load.backlog);
		if (lateByMs >= LATE_MS) this.#lateSinceReport++;
		if (repeat) {
			this.#repeatedSinceReport++;
			this.#repeatedSinceLog++;
		}
		const changed = this.#shedder.shedding !== this.#shedding;
		if (changed) {
			this.#shedding = this.#shedder.shedding;
			this.#log.warn({ shedding: this.#shedding, backlogFrames: load.backlog }, "load shedding changed");
		}
		if (changed || this.#ticks % REPORT_TICKS === 0) {
			this.#reported({
				backlogFrames: this.#mostSinceReport,
				shedding: this.#shedding,
				lateTicks: this.#lateSinceReport,
				repeatedPictures: this.#repeatedSinceReport,
			});
			this.#mostSinceReport = 0;
			this.#lateSinceReport = 0;
			this.#repeatedSinceReport = 0;
		}
		if (this.#ticks % LOG_TICKS === 0) {
			const figures = { maxBacklogFrames: this.#mostSinceLog, repeatedPictures: this.#repeatedSinceLog };
			this.#log.debug({ ...figures, shedding: this.#shedding }, "load of 10 s");
			this.#mostSinceLog = 0;
			this.#repeatedSinceLog = 0;
		}
		return repeat;
	}
}

import type { Logger } from "pino";
import { EncoderRun, type Tick } from "./encoder-run.ts";

export interface EncoderEvents {
	/** A new ffmpeg runs. */
	started: (pid: number) => void;
	/** It ended though nobody told it to; another one is on its way. */
	lost: (reason: string) => void;
	/** Records for file descriptor 3 (see coded-frames.ts), in order. */
	coded: (record: Buffer) => void;
}

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5000;
/** An encoder that lived so long was a good one: the next may follow at once. */
const GOOD_LIFE_MS = 10_000;
/** How long a run may take to encode what it still holds. */
const FLUSH_DEADLINE_MS = 2000;

/** Keeps one ffmpeg encoding whatever happens to it: each is a run of its own, and one begins when the last has ended. */
export class Encoder {
	readonly #socketDir: string;
	readonly #log: Logger;
	readonly #events: EncoderEvents;
	#run: EncoderRun | undefined;
	#runs = 0;
	#retryMs = FIRST_RETRY_MS;
	#retryTimer: NodeJS.Timeout | undefined;
	#finished: (() => void) | undefined;

	/** `socketDir`: an existing private directory. */
	constructor({ socketDir }: { socketDir: string }, { log, events }: { log: Logger; events: EncoderEvents }) {
		this.#socketDir = socketDir;
		this.#log = log.child({ component: "encoder" });
		this.#events = events;
	}

	/** Once for every tick of the programme clock, without a gap but for `startNewRun`. */
	push(tick: Tick): void {
		if (this.#finished) return;
		if (!this.#run && !this.#retryTimer) this.#begin(tick);
		this.#run?.push(tick);
	}

	/** Ticks were left out: ends the run, so that the next pushed tick begins another with its own start. */
	startNewRun(): void {
		this.#run?.finish(FLUSH_DEADLINE_MS);
	}

	/** Encodes everything pushed so far and ends. */
	finish(): Promise<void> {
		return new Promise((resolve) => {
			this.#finished = resolve;
			clearTimeout(this.#retryTimer);
			if (this.#run) this.#run.finish(FLUSH_DEADLINE_MS);
			else resolve();
		});
	}

	/** Ends it now. */
	close(): void {
		this.#finished ??= () => {};
		clearTimeout(this.#retryTimer);
		this.#run?.finish(0);
	}

	#begin({ picture }: Tick): void {
		const run = ++this.#runs;
		const startedAt = performance.now();
		const events = {
			started: this.#events.started,
			coded: this.#events.coded,
			ended: (reason: string | undefined) => {
				this.#run = undefined;
				if (this.#finished) return this.#finished();
				if (reason === undefined) return;
				this.#events.lost(reason);
				if (performance.now() - startedAt > GOOD_LIFE_MS) this.#retryMs = FIRST_RETRY_MS;
				this.#retryTimer = setTimeout(() => {
					this.#retryTimer = undefined;
				}, this.#retryMs);
				this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
			},
		};
		this.#run = new EncoderRun({ run, socketDir: this.#socketDir, picture }, { log: this.#log, events });
	}
}

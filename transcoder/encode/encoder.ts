import type { Logger } from "pino";
import type { Ladder } from "../ladder.ts";
import type { EncoderEffort } from "./encoder-effort.ts";
import { EncoderRun, type Tick } from "./encoder-run.ts";
import type { EncoderName } from "./video-encoders.ts";

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
/** An encoder that lived so long was a good one: the next may follow at once. One that cannot start ends much sooner. */
const GOOD_LIFE_MS = 2_000;
/** How long a run may take to encode what it still holds. */
const FLUSH_DEADLINE_MS = 2000;
/** The same for one that was taken over from, on a machine without time to spare. */
const LEAVE_DEADLINE_MS = 1000;

/** Keeps one ffmpeg encoding whatever happens to it: each is a run of its own, and one begins when the last has ended. */
export class Encoder {
	readonly #socketDir: string;
	readonly #encoder: EncoderName;
	readonly #ladder: Ladder;
	readonly #log: Logger;
	readonly #events: EncoderEvents;
	#effort: EncoderEffort = { topRung: true, care: "full" };
	#run: EncoderRun | undefined;
	/** Of another effort: takes over once it is ready. */
	#next: EncoderRun | undefined;
	/** Was taken over from; encodes what it still holds. */
	#leaving: EncoderRun | undefined;
	/** What came out of its successor meanwhile. */
	#held: Buffer[] = [];
	#runs = 0;
	#retryMs = FIRST_RETRY_MS;
	#retryTimer: NodeJS.Timeout | undefined;
	#finished: (() => void) | undefined;

	/** `socketDir`: an existing private directory. */
	constructor(
		{ socketDir, encoder, ladder }: { socketDir: string; encoder: EncoderName; ladder: Ladder },
		{ log, events }: { log: Logger; events: EncoderEvents },
	) {
		this.#socketDir = socketDir;
		this.#encoder = encoder;
		this.#ladder = ladder;
		this.#log = log.child({ component: "encoder" });
		this.#events = events;
	}

	/** Ticks that were pushed and have not come out. */
	get backlog(): number {
		return this.#run?.backlog ?? 0;
	}

	/** Once for every tick of the programme clock, without a gap but for `startNewRun`. */
	push(tick: Tick): void {
		if (this.#finished) return;
		if (this.#next?.ready) this.#takeOver(this.#next);
		if (!this.#run && !this.#next && !this.#retryTimer) this.#run = this.#begin(tick);
		else if (this.#run?.ready && !this.#run.isOf(this.#effort) && !this.#leaving && !this.#retryTimer)
			this.#next ??= this.#begin(tick);
		this.#run?.push(tick);
	}

	/** An encoder of that effort takes over as soon as it is ready, in a new run without a hole. */
	setEffort(effort: EncoderEffort): void {
		this.#effort = effort;
		if (this.#next?.isOf(effort) === false) this.#next.finish(0);
	}

	/** Ticks were left out: ends the run, so that the next pushed tick begins another with its own start. */
	startNewRun(): void {
		this.#run?.finish(FLUSH_DEADLINE_MS);
	}

	/** Encodes everything pushed so far and ends. */
	finish(): Promise<void> {
		return new Promise((resolve) => {
			this.#finished = resolve;
			this.#next?.finish(0);
			clearTimeout(this.#retryTimer);
			this.#run?.finish(FLUSH_DEADLINE_MS);
			this.#resolveWhenOver();
		});
	}

	/** Ends it now. */
	close(): void {
		this.#finished ??= () => {};
		clearTimeout(this.#retryTimer);
		for (const run of [this.#run, this.#next, this.#leaving]) run?.finish(0);
	}

	#begin({ picture }: Tick): EncoderRun {
		const startedAt = performance.now();
		const run: EncoderRun = new EncoderRun(
			{
				run: ++this.#runs,
				socketDir: this.#socketDir,
				encoder: this.#encoder,
				ladder: this.#ladder,
				picture,
				effort: this.#effort,
			},
			{
				log: this.#log,
				events: {
					started: this.#events.started,
					coded: (record) => {
						if (this.#leaving && run !== this.#leaving) this.#held.push(record);
						else this.#events.coded(record);
					},
					ended: (reason) => this.#ended(run, reason, performance.now() - startedAt),
				},
			},
		);
		return run;
	}

	#takeOver(next: EncoderRun): void {
		this.#next = undefined;
		this.#leaving = this.#run;
		this.#run = next;
		this.#leaving?.finish(LEAVE_DEADLINE_MS);
	}

	#ended(run: EncoderRun, reason: string | undefined, livedMs: number): void {
		if (run === this.#leaving) {
			this.#leaving = undefined;
			for (const record of this.#held.splice(0)) this.#events.coded(record);
			this.#resolveWhenOver();
			return;
		}
		if (run === this.#next) this.#next = undefined;
		else this.#run = undefined;
		this.#resolveWhenOver();
		if (this.#finished || reason === undefined) return;
		this.#events.lost(reason);
		if (livedMs > GOOD_LIFE_MS) {
			this.#retryMs = FIRST_RETRY_MS;
			return;
		}
		this.#retryTimer = setTimeout(() => {
			this.#retryTimer = undefined;
		}, this.#retryMs);
		this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
	}

	#resolveWhenOver(): void {
		if (!this.#run && !this.#next && !this.#leaving) this.#finished?.();
	}
}

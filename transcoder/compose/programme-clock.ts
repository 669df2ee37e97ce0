import type { Clock } from "../../core/runtime/clock.ts";
import { programmeFormat } from "../programme-format.ts";

/**
 * Ticks, 3 s: a process that was held up for longer leaves them out. Until then it makes up for them: their sound has mostly
 * come meanwhile, and a new run is a new encoder, which needs a second of its own to start.
 */
const MAX_CATCH_UP = 3 * programmeFormat.frameRate;

export interface ProgrammeClockEvents {
	/**
	 * Every tick, in order. `atMs`: when it is due, exactly its number divided by the frame rate after the start. `behind`: so
	 * many after it are due as well.
	 */
	tick: (number: number, atMs: number, behind: number) => void;
	/** The ticks up to the next one were left out. */
	skipped: (ticks: number) => void;
}

/** Ticks at the programme's frame rate by absolute deadlines: it may be late, and makes up for that, but never drifts. */
export class ProgrammeClock {
	readonly #clock: Clock;
	readonly #events: ProgrammeClockEvents;
	readonly #startMs: number;
	#next = 0;
	#timer: NodeJS.Timeout | undefined;
	#immediate: NodeJS.Immediate | undefined;
	#closed = false;

	constructor({ clock, events }: { clock: Clock; events: ProgrammeClockEvents }) {
		this.#clock = clock;
		this.#events = events;
		this.#startMs = clock.now();
		this.#timer = setTimeout(() => this.#run(), 0);
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#timer);
		clearImmediate(this.#immediate);
	}

	#run(): void {
		const due = Math.floor(((this.#clock.now() - this.#startMs) * programmeFormat.frameRate) / 1000);
		const behind = due - this.#next;
		if (behind > MAX_CATCH_UP) {
			this.#next = due;
			this.#events.skipped(behind);
		}
		if (this.#next <= due) {
			const number = this.#next++;
			this.#events.tick(number, this.#dueMs(number), due - number);
		}
		if (this.#closed) return;
		const inMs = Math.ceil(this.#dueMs(this.#next) - this.#clock.now());
		// What came in meanwhile is read between ticks that are made up for: it is what they are made of.
		if (inMs > 0) this.#timer = setTimeout(() => this.#run(), inMs);
		else this.#immediate = setImmediate(() => this.#run());
	}

	#dueMs(number: number): number {
		return this.#startMs + (number * 1000) / programmeFormat.frameRate;
	}
}

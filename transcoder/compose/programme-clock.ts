import type { Clock } from "../../core/runtime/clock.ts";
import { programmeFormat } from "../programme-format.ts";

/** A process that was held up for longer leaves ticks out, instead of keeping everybody waiting while it makes up for them. */
const MAX_CATCH_UP = programmeFormat.frameRate;

export interface ProgrammeClockEvents {
	/**
	 * Every tick, in order. `atMs`: when it is due, exactly its number divided by the frame rate after the start. `late`: the
	 * next one is due as well.
	 */
	tick: (number: number, atMs: number, late: boolean) => void;
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
	}

	#run(): void {
		const due = Math.floor(((this.#clock.now() - this.#startMs) * programmeFormat.frameRate) / 1000);
		const late = due - this.#next;
		if (late > MAX_CATCH_UP) {
			this.#next = due;
			this.#events.skipped(late);
		}
		while (this.#next <= due && !this.#closed) {
			const number = this.#next++;
			this.#events.tick(number, this.#dueMs(number), number < due);
		}
		if (!this.#closed)
			this.#timer = setTimeout(() => this.#run(), Math.max(0, Math.ceil(this.#dueMs(this.#next) - this.#clock.now())));
	}

	#dueMs(number: number): number {
		return this.#startMs + (number * 1000) / programmeFormat.frameRate;
	}
}

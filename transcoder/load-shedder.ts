import { type Shedding, sheddingSchema } from "../core/protocol/shedding.ts";
import { programmeFormat } from "./programme-format.ts";

const ticks = (seconds: number) => Math.round(seconds * programmeFormat.frameRate);

/**
 * Ticks between a picture's entry into the encoder and its coming out, at most. An encoder that keeps up has 1 to 3; beside
 * 4 busy loops on 2 cores it was 12, with nothing lost.
 */
const MAX_BACKLOG = ticks(0.5);
/** An encoder with so little has time to spare. */
const CALM_BACKLOG = ticks(0.15);
/** Repeated ticks within the last second from which on it was no moment's hiccup. */
const MANY_REPEATS = ticks(0.2);
const WINDOW = ticks(1);
const DIRE_BACKLOG = ticks(1.2);
/** Before the next step when the encoder is that far behind: players are about to run dry. */
const STEP_SOON_AFTER = ticks(0.3);
/** More ticks due than with the one before: nobody ran meanwhile, which no load of the programme's own does. */
const HELD_UP = ticks(0.3);
/** Ticks for each that was held up, until the encoder has worked them off. */
const WORKED_OFF_AFTER = 3;
/** Whoever is held up again so soon has too little time after all. */
const HELD_UP_AGAIN = ticks(20);

interface Level {
	/** Ticks that the level before has to help before this one is taken. */
	after: number;
	/** Calm for so long gives it back. */
	backAfter: number;
}

/**
 * What nobody misses goes at once and comes back soon. The top rung and the encoder's care cost a discontinuity each way:
 * other work that comes and goes is not worth one, players that run dry are; and it comes back later with each time that it
 * came back too early.
 */
const levels: Record<Shedding, Level> = {
	none: { after: 0, backAfter: 0 },
	transitions: { after: 0, backAfter: ticks(10) },
	"small-tiles": { after: ticks(1), backAfter: ticks(10) },
	"top-rung": { after: ticks(3), backAfter: ticks(180) },
	"frame-rate": { after: ticks(5), backAfter: ticks(10) },
	quality: { after: ticks(5), backAfter: ticks(60) },
};
const COSTLY: readonly Shedding[] = ["top-rung", "quality"];
const LONGEST_BACK_AFTER = ticks(3600);
/** What came back and stayed for so long did not come back too early. */
const PROVEN_AFTER = ticks(600);

/** Decides, tick by tick, what to give up while the machine has too little time for the programme. */
export class LoadShedder {
	/** In the order in which they are taken. */
	readonly #order: Shedding[];
	#level = 0;
	#tick = 0;
	#steppedAt = Number.NEGATIVE_INFINITY;
	#uncalmAt = 0;
	/** Of the costly ones: when it last came back, and the calm it needs for the next time. */
	readonly #returns = new Map<Shedding, { atTick: number; backAfter: number }>();
	/** With the last tick. */
	#behind = 0;
	#heldUpAt = Number.NEGATIVE_INFINITY;
	/** What is late until then is so because of a hold-up, whatever is given up. */
	#workedOffAt = Number.NEGATIVE_INFINITY;
	/** Ticks of the last second that had to repeat a picture. */
	#repeats: number[] = [];

	/** `rungs`: of the ladder; the only one is never given up. */
	constructor({ rungs }: { rungs: number }) {
		this.#order = sheddingSchema.options.filter((level) => level !== "top-rung" || rungs > 1);
	}

	get shedding(): Shedding {
		return this.#order[this.#level] ?? "none";
	}

	/**
	 * Once for each tick. Returns whether it repeats the last picture, instead of composing one.
	 * `backlog`: ticks in the encoder; `behind`: so many after this one are due as well.
	 */
	tick({ backlog, behind }: { backlog: number; behind: number }): boolean {
		const now = ++this.#tick;
		const pressed = behind > 0 || backlog > MAX_BACKLOG;
		if (behind - this.#behind >= HELD_UP) this.#holdUp(now, behind);
		this.#behind = behind;
		if (pressed && now >= this.#workedOffAt) this.#repeats.push(now);
		while ((this.#repeats[0] ?? now) <= now - WINDOW) this.#repeats.shift();
		if (pressed || backlog > CALM_BACKLOG) this.#uncalmAt = now;
		if (this.#repeats.length >= MANY_REPEATS) this.#stepDown(now, backlog);
		else this.#stepUp(now);
		return pressed || (sheds(this.shedding, "frame-rate") && now % 2 === 1);
	}

	#holdUp(now: number, behind: number): void {
		if (now - this.#heldUpAt > HELD_UP_AGAIN) this.#workedOffAt = now + WORKED_OFF_AFTER * behind;
		this.#heldUpAt = now;
	}

	#stepDown(now: number, backlog: number): void {
		const next = this.#order[this.#level + 1];
		if (!next) return;
		// Ticks that are late without it repeat their pictures already, and another encoder would not make them earlier.
		if (COSTLY.includes(next) && backlog <= MAX_BACKLOG) return;
		const dire = backlog > DIRE_BACKLOG;
		const { after } = levels[next];
		if (now - this.#steppedAt < (dire ? Math.min(after, STEP_SOON_AFTER) : after)) return;
		this.#steppedAt = now;
		this.#level++;
		if (!COSTLY.includes(next)) return;
		const last = this.#returns.get(next);
		const early = last !== undefined && now - last.atTick < PROVEN_AFTER;
		const backAfter = early ? Math.min(2 * last.backAfter, LONGEST_BACK_AFTER) : levels[next].backAfter;
		this.#returns.set(next, { atTick: Number.NEGATIVE_INFINITY, backAfter });
	}

	#stepUp(now: number): void {
		if (this.#level === 0) return;
		const { shedding } = this;
		const returns = this.#returns.get(shedding);
		const calmFor = now - Math.max(this.#uncalmAt, this.#steppedAt);
		if (calmFor < (returns?.backAfter ?? levels[shedding].backAfter)) return;
		if (returns) returns.atTick = now;
		this.#level--;
		this.#steppedAt = now;
	}
}

/** Whether who has come to `shedding` gives up `what`. */
export function sheds(shedding: Shedding, what: Shedding): boolean {
	return sheddingSchema.options.indexOf(shedding) >= sheddingSchema.options.indexOf(what);
}

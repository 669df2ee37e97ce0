/** Packets may overtake each other by this much before one counts as lost. */
const REORDER_MS = 15;
/** Not sooner asked for again, however short the round trip: senders pace what they send again. */
const MIN_RETRY_MS = 40;
/** Of the round trip, which is a mean. */
const RETRY_ROUND_TRIPS = 1.25;
/**
 * Where requests are lost as well, or their answers, each goes out twice, this far apart. Senders answer the second one
 * only where the first did not come: they do not send a packet again within a round trip.
 */
const ECHO_MS = 20;
/** After a request that went unanswered. */
const ECHOES_FOR_MS = 10_000;
const MAX_TRIES = 10;
/** A bigger hole is not worth filling: a keyframe is cheaper. */
const MAX_MISSING = 300;
/** What was lost in an outage this long is too old to be shown, and asking for it would only hold up what is new. */
const OUTAGE_MS = 1_000;
/** Of a picture that changes once a second, the few packets lost between two are still wanted. */
const MIN_OUTAGE_PACKETS = 30;

const none: number[] = [];

interface Missing {
	dueMs: number;
	tries: number;
	askedMs: number;
	/** The newest request is to go out once more. */
	echo: boolean;
}

/** Finds holes in a stream of extended sequence numbers and says when to ask for which packets again. */
export class LossDetector {
	readonly #missing = new Map<number, Missing>();
	#highest = -1;
	#lastMs = 0;
	#unansweredMs = Number.NEGATIVE_INFINITY;
	#asked = 0;

	/** Packets asked for so far; one asked for twice counts twice. */
	get asked(): number {
		return this.#asked;
	}

	/** False when so much is missing that only a keyframe helps. */
	onPacket(index: number, nowMs: number): boolean {
		const silentMs = nowMs - this.#lastMs;
		this.#lastMs = nowMs;
		if (index <= this.#highest || this.#highest < 0) {
			if (this.#missing.size > 0) this.#missing.delete(index);
			this.#highest = Math.max(this.#highest, index);
			return true;
		}
		const hole = index - this.#highest - 1;
		const outage = silentMs > OUTAGE_MS && hole > MIN_OUTAGE_PACKETS;
		const hopeless = outage || this.#missing.size + hole > MAX_MISSING;
		if (hopeless) this.#missing.clear();
		else {
			for (let lost = this.#highest + 1; lost < index; lost++) {
				this.#missing.set(lost, { dueMs: nowMs + REORDER_MS, tries: 0, askedMs: 0, echo: false });
			}
		}
		this.#highest = index;
		return !hopeless;
	}

	/**
	 * How long ago a packet that has just come was asked for, before `onPacket` is told of it. -1 when it was not, or more
	 * than once, so that there is no telling which request it answers.
	 */
	answerMs(index: number, nowMs: number): number {
		const missing = this.#missing.size > 0 ? this.#missing.get(index) : undefined;
		return missing?.tries === 1 ? nowMs - missing.askedMs : -1;
	}

	/** What to ask for now, ascending; each is due again a round trip later unless it arrives or is given up. */
	due(nowMs: number, roundTripMs: number): number[] {
		if (this.#missing.size === 0) return none;
		const due: number[] = [];
		const retryMs = Math.max(MIN_RETRY_MS, RETRY_ROUND_TRIPS * roundTripMs);
		for (const [index, missing] of this.#missing) {
			if (missing.dueMs > nowMs) continue;
			if (missing.echo) {
				missing.echo = false;
				missing.dueMs = missing.askedMs + retryMs;
				due.push(index);
				continue;
			}
			if (missing.tries === MAX_TRIES) {
				this.#missing.delete(index);
				continue;
			}
			if (missing.tries++ > 0) this.#unansweredMs = nowMs;
			missing.askedMs = nowMs;
			missing.echo = retryMs >= 3 * ECHO_MS && nowMs - this.#unansweredMs < ECHOES_FOR_MS;
			missing.dueMs = nowMs + (missing.echo ? ECHO_MS : retryMs);
			due.push(index);
		}
		this.#asked += due.length;
		return due;
	}
}

/** Where the playhead should be, as glass-to-glass latency: a second of hold-back, and a margin for a slow machine. */
const TARGET_MS = 1300;
/** On top of the target at the start, when nothing is known yet of the way here. */
const START_MARGIN_MS = 500;
/** What every stall adds to the target, what every buffer that nearly ran dry adds, and what they add at most. */
const STALL_MARGIN_MS = 300;
const NEAR_STALL_MARGIN_MS = 100;
const MOST_MARGIN_MS = 2000;
/** Time in which one stall's margin is taken back: long enough that a stream that stalls now and then keeps it. */
const STALL_FORGIVEN_MS = 90_000;

const SLOWEST = 0.97;
const FASTEST = 1.08;
/** Error at which a correction begins, and the one at which it has done its work: apart, so that it does not flutter. */
const BEGIN_MS = 100;
const ENOUGH_MS = 20;
/** Error from which the correction is as strong as it gets. */
const FULL_MS = 600;
/** The least buffer of the last while that allows speeding up, and the one that asks for slowing down. */
const COMFORTABLE_BUFFER_MS = 350;
const THIN_BUFFER_MS = 150;
/** Longer than a part and its way here: the buffer falls and rises with every part. */
const BUFFER_WINDOW_MS = 2000;
/** From here on one jump disturbs less than half a minute of hurried speech. */
const JUMP_MS = 3000;
/** In the first moment nobody follows yet what a jump cuts away, and starting up has cost a second or two. */
const START_JUMP_MS = 1000;
const START_WINDOW_MS = 1000;

interface Moment {
	/** Any steady clock. */
	nowMs: number;
	latencyMs: number;
	/** Media ahead of the playhead. */
	bufferMs: number;
}

/**
 * Keeps the playhead at a steady distance from now by the playback rate. hls.js has one as well, but it asks for more than
 * a second of buffer, which is all there is here, and it never takes back what it adds after a stall.
 */
export class LatencyController {
	#marginMs = START_MARGIN_MS;
	/** Null until there is something to judge by. */
	#marginAtMs: number | null = null;
	#startedAtMs: number | null = null;
	#nearStallAtMs = Number.NEGATIVE_INFINITY;
	#correcting: "faster" | "slower" | null = null;
	#buffers: { nowMs: number; bufferMs: number }[] = [];
	#observedSinceMs: number | null = null;

	/** The playback ran dry. */
	stalled(nowMs: number): void {
		this.#widen(nowMs, STALL_MARGIN_MS);
		this.#buffers = [];
		this.#observedSinceMs = null;
	}

	targetMs(nowMs: number): number {
		return TARGET_MS + this.#marginNow(nowMs);
	}

	/** So late that the live edge has to be jumped to. */
	isTooLate({ nowMs, latencyMs }: Pick<Moment, "nowMs" | "latencyMs">): boolean {
		const isStart = this.#startedAtMs !== null && nowMs - this.#startedAtMs < START_WINDOW_MS;
		return latencyMs > this.targetMs(nowMs) + (isStart ? START_JUMP_MS : JUMP_MS);
	}

	/** The playback rate from now on: 1, or between 0.97 and 1.08. To be called a few times a second while it plays. */
	rate({ nowMs, latencyMs, bufferMs }: Moment): number {
		const thinnestMs = this.#thinnestBuffer(nowMs, bufferMs);
		this.#observedSinceMs ??= nowMs;
		this.#startedAtMs ??= nowMs;
		this.#marginAtMs ??= nowMs;
		const mayHurry = thinnestMs >= COMFORTABLE_BUFFER_MS && nowMs - this.#observedSinceMs >= BUFFER_WINDOW_MS;
		if (thinnestMs < THIN_BUFFER_MS) {
			this.#correcting = null;
			// Once for each window, in which the same sample is seen again and again.
			if (nowMs - this.#nearStallAtMs >= BUFFER_WINDOW_MS) {
				this.#nearStallAtMs = nowMs;
				this.#widen(nowMs, NEAR_STALL_MARGIN_MS);
			}
			return SLOWEST;
		}
		const errorMs = latencyMs - this.targetMs(nowMs);
		if (this.#correcting === "faster" && errorMs < ENOUGH_MS) this.#correcting = null;
		if (this.#correcting === "slower" && errorMs > -ENOUGH_MS) this.#correcting = null;
		if (errorMs > BEGIN_MS) this.#correcting = "faster";
		if (errorMs < -BEGIN_MS) this.#correcting = "slower";
		const strength = Math.min(1, Math.abs(errorMs) / FULL_MS);
		if (this.#correcting === "faster" && mayHurry) return hundredths(1 + (FASTEST - 1) * strength, Math.ceil);
		if (this.#correcting === "slower") return hundredths(1 - (1 - SLOWEST) * strength, Math.floor);
		return 1;
	}

	#widen(nowMs: number, byMs: number): void {
		this.#marginMs = Math.min(MOST_MARGIN_MS, this.#marginNow(nowMs) + byMs);
		this.#marginAtMs = nowMs;
	}

	#marginNow(nowMs: number): number {
		const forgivenMs = ((nowMs - (this.#marginAtMs ?? nowMs)) / STALL_FORGIVEN_MS) * STALL_MARGIN_MS;
		return Math.max(0, this.#marginMs - Math.max(0, forgivenMs));
	}

	#thinnestBuffer(nowMs: number, bufferMs: number): number {
		this.#buffers = this.#buffers.filter((sample) => nowMs - sample.nowMs < BUFFER_WINDOW_MS);
		this.#buffers.push({ nowMs, bufferMs });
		return Math.min(...this.#buffers.map((sample) => sample.bufferMs));
	}
}

/** Every change of the rate makes the browser start its time stretching anew, so it takes few values. */
function hundredths(rate: number, round: (value: number) => number): number {
	return round(Math.round(rate * 1e6) / 1e4) / 100;
}

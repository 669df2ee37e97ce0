/** Of the hold-back that the playlist asks for: two and a half parts, with an encoder and a network that are quick. */
const HOLD_BACK_SHARE = 0.8;
/** What a playlist with parts of a third of a second asks for. */
const USUAL_HOLD_BACK_MS = 1000;
/** On top of it at the start, when nothing is known yet of the way here. */
const START_MARGIN_MS = 500;
/** What every stall adds to the target, what every buffer that nearly ran dry adds, and what they add at most. */
const STALL_MARGIN_MS = 300;
const NEAR_STALL_MARGIN_MS = 300;
const MOST_MARGIN_MS = 2500;
/** How fast the margin is given back, in milliseconds a second: after trouble so slowly that who stalls now and then keeps it. */
const GIVEN_BACK_PER_S = 25;
const GIVEN_BACK_AFTER_TROUBLE_PER_S = 1.5;
const TROUBLE_FORGOTTEN_MS = 180_000;
/** A stall this long, after a while without trouble, is an outage: it says nothing of the network that is back. */
const OUTAGE_MS = 2000;
const CALM_MS = 30_000;
/** What goes wrong within this time has one cause. */
const ONE_CAUSE_MS = 3000;

const SLOWEST = 0.97;
const FASTEST = 1.08;
/** Error at which a correction begins, and the one at which it has done its work: apart, so that it does not flutter. */
const BEGIN_MS = 80;
const ENOUGH_MS = 20;
/** Error from which the correction is as strong as it gets. */
const FULL_MS = 600;
/** The least buffer of the last while that allows coming nearer, and the one that asks for slowing down. */
const COMFORTABLE_BUFFER_MS = 330;
const THIN_BUFFER_MS = 200;
/** Longer than a part and its way here: the buffer falls and rises with every part. */
const BUFFER_WINDOW_MS = 2000;
/** For the target, which follows what happens more rarely. */
const LONG_BUFFER_WINDOW_MS = 30_000;
/** From here on one jump disturbs less than half a minute of hurried speech. */
const JUMP_MS = 3000;
/** After a start or a stall nobody follows yet what a jump cuts away. */
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
 * a second of buffer, which is all there is here, and it never takes back what it adds after a stall. This one starts
 * carefully, comes nearer for as long as the buffer never gets thin, and goes back when it does.
 */
export class LatencyController {
	/** PART-HOLD-BACK of the playlist, or HOLD-BACK where there are no parts. */
	holdBackMs = USUAL_HOLD_BACK_MS;
	/** The least that may be aimed at, whatever the buffer allows. */
	floorMs = 0;
	#marginMs = START_MARGIN_MS;
	#troubleAtMs = Number.NEGATIVE_INFINITY;
	/** The margin before the latest trouble, if it was calm then. */
	#calmMarginMs: number | null = null;
	#stalledAtMs: number | null = null;
	/** Since a start or a stall. */
	#playingSinceMs: number | null = null;
	/** What comes now follows what was seen last. */
	#followed = false;
	#lastMs: number | null = null;
	#correcting: "faster" | "slower" | null = null;
	#buffers: { nowMs: number; bufferMs: number }[] = [];

	/** The playback ran dry. */
	stalled(nowMs: number): void {
		this.#widen(nowMs, STALL_MARGIN_MS);
		this.restarted();
		this.#stalledAtMs = nowMs;
	}

	/**
	 * What was seen so far says nothing about what follows: a jump, a pause, a new source. `followed`: the viewer is to miss
	 * nothing in between.
	 */
	restarted({ followed = false } = {}): void {
		this.#followed = followed;
		this.#buffers = [];
		this.#playingSinceMs = null;
		this.#lastMs = null;
		this.#correcting = null;
	}

	/** Where the playhead should be, as the time from composition to display. */
	get targetMs(): number {
		return Math.max(this.floorMs, HOLD_BACK_SHARE * this.holdBackMs + this.#marginMs);
	}

	/** So late that the live edge has to be jumped to. */
	isTooLate({ nowMs, latencyMs }: Pick<Moment, "nowMs" | "latencyMs">): boolean {
		const isStart = !this.#followed && this.#playingSinceMs !== null && nowMs - this.#playingSinceMs < START_WINDOW_MS;
		return latencyMs > this.targetMs + (isStart ? START_JUMP_MS : JUMP_MS);
	}

	/** The playback rate from now on: 1, or between 0.97 and 1.08. To be called a few times a second while it plays. */
	rate({ nowMs, latencyMs, bufferMs }: Moment): number {
		if (this.#stalledAtMs !== null && nowMs - this.#stalledAtMs > OUTAGE_MS)
			this.#marginMs = this.#calmMarginMs ?? this.#marginMs;
		this.#stalledAtMs = null;
		this.#playingSinceMs ??= nowMs;
		this.#buffers = this.#buffers.filter((sample) => nowMs - sample.nowMs < LONG_BUFFER_WINDOW_MS);
		this.#buffers.push({ nowMs, bufferMs });
		const playedMs = nowMs - this.#playingSinceMs;
		const thinnestMs = this.#thinnestSince(nowMs - BUFFER_WINDOW_MS);
		if (this.#thinnestSince(nowMs - LONG_BUFFER_WINDOW_MS) >= COMFORTABLE_BUFFER_MS) this.#giveBack(nowMs);
		this.#lastMs = nowMs;
		if (thinnestMs < THIN_BUFFER_MS) {
			this.#correcting = null;
			// Once for each window, in which the same sample is seen again and again; at the start it has yet to fill.
			if (playedMs >= BUFFER_WINDOW_MS && nowMs - this.#troubleAtMs >= BUFFER_WINDOW_MS) {
				this.#widen(nowMs, NEAR_STALL_MARGIN_MS);
			}
			return SLOWEST;
		}
		const errorMs = latencyMs - this.targetMs;
		if (this.#correcting === "faster" && errorMs < ENOUGH_MS) this.#correcting = null;
		if (this.#correcting === "slower" && errorMs > -ENOUGH_MS) this.#correcting = null;
		if (errorMs > BEGIN_MS) this.#correcting = "faster";
		if (errorMs < -BEGIN_MS) this.#correcting = "slower";
		const strength = Math.min(1, Math.abs(errorMs) / FULL_MS);
		const mayHurry = thinnestMs >= COMFORTABLE_BUFFER_MS && playedMs >= BUFFER_WINDOW_MS;
		if (this.#correcting === "faster" && mayHurry) return hundredths(1 + (FASTEST - 1) * strength, Math.ceil);
		if (this.#correcting === "slower") return hundredths(1 - (1 - SLOWEST) * strength, Math.floor);
		return 1;
	}

	#widen(nowMs: number, byMs: number): void {
		const quietMs = nowMs - this.#troubleAtMs;
		if (quietMs > ONE_CAUSE_MS) this.#calmMarginMs = quietMs > CALM_MS ? this.#marginMs : null;
		this.#marginMs = Math.min(MOST_MARGIN_MS, this.#marginMs + byMs);
		this.#troubleAtMs = nowMs;
	}

	#giveBack(nowMs: number): void {
		const passedS = (nowMs - (this.#lastMs ?? nowMs)) / 1000;
		const isRecent = nowMs - this.#troubleAtMs < TROUBLE_FORGOTTEN_MS;
		const perS = isRecent ? GIVEN_BACK_AFTER_TROUBLE_PER_S : GIVEN_BACK_PER_S;
		this.#marginMs = Math.max(0, this.#marginMs - passedS * perS);
	}

	#thinnestSince(sinceMs: number): number {
		return Math.min(...this.#buffers.filter(({ nowMs }) => nowMs > sinceMs).map(({ bufferMs }) => bufferMs));
	}
}

/** Every change of the rate makes the browser start its time stretching anew, so it takes few values. */
function hundredths(rate: number, round: (value: number) => number): number {
	return round(Math.round(rate * 1e6) / 1e4) / 100;
}

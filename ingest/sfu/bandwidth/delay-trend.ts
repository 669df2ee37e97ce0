import { LineFit } from "./line-fit.ts";

/**
 * A window is this long at least, and has this many packets. Of each only the fastest packet counts: jitter and bursts
 * only ever add delay, a queue that builds up adds it to the fastest too.
 */
const WINDOW_MS = 25;
const WINDOW_PACKETS = 5;
const WINDOWS = 20;
const ENOUGH_WINDOWS = 5;
/** Over the windows looked at. Well above what is left of 30 ms of jitter. */
const GROWTH_MS = 20;
/** The slope has to stand out of the noise by so many standard errors: the threshold adapts to the path. */
const SIGNIFICANCE = 5;
const IN_A_ROW = 2;
/** A capacity that is suddenly a fraction shows in a few windows, before the fit believes it. */
const STEEP_MS = 60;
const STEEP_IN_A_ROW = 3;
/** Times the usual queue, which on a path with much jitter is never empty. */
const STEEP_FACTOR = 3;
const USUAL_WEIGHT = 0.02;
/** A queue that stays, without growing: a buffer that is full, or an overload too small to be seen in half a second. */
const STANDING_MS = 120;
/** The path's own delay is the lowest of the last one to two of these. */
const BASE_EPOCH_MS = 10_000;

/**
 * Tells from one-way delays whether a queue builds up (the delay-based half of draft-ietf-rmcat-gcc-02, with the trend
 * taken over the fastest packets of short windows instead of over filtered bursts). The clocks need not agree.
 */
export class DelayTrend {
	readonly #sent = new Float64Array(WINDOWS);
	readonly #delays = new Float64Array(WINDOWS);
	readonly #fit = new LineFit();
	#count = 0;
	#ignoredBeforeMs = Number.NEGATIVE_INFINITY;
	#windowStartMs = Number.NEGATIVE_INFINITY;
	#windowPackets = 0;
	#fastestSentMs = 0;
	#fastestDelayMs = 0;
	#epochStartMs = Number.NEGATIVE_INFINITY;
	#epochLowest = Number.POSITIVE_INFINITY;
	#lowestBefore = Number.POSITIVE_INFINITY;
	#growing = 0;
	#steep = 0;
	#usualQueueMs = 0;
	/** A queue builds up, or stands. Until `reset`. */
	overused = false;
	/** How much longer than the path's own the fastest packets take now. */
	queueMs = 0;

	/** In order of sending; those that come late are passed over. */
	onArrival(sentMs: number, delayMs: number): void {
		if (sentMs < this.#ignoredBeforeMs || sentMs < this.#windowStartMs) return;
		if (this.#windowPackets >= WINDOW_PACKETS && sentMs - this.#windowStartMs >= WINDOW_MS) this.#closeWindow();
		if (this.#windowPackets === 0) this.#windowStartMs = sentMs;
		if (this.#windowPackets++ === 0 || delayMs < this.#fastestDelayMs) {
			this.#fastestDelayMs = delayMs;
			this.#fastestSentMs = sentMs;
		}
	}

	/** Forgets the trend: what was sent before belongs to another rate. */
	reset(ignoredBeforeMs: number): void {
		this.#ignoredBeforeMs = ignoredBeforeMs;
		this.#windowPackets = 0;
		this.#windowStartMs = Number.NEGATIVE_INFINITY;
		this.#count = 0;
		this.#growing = 0;
		this.#steep = 0;
		this.overused = false;
	}

	#closeWindow(): void {
		const slot = this.#count++ % WINDOWS;
		this.#sent[slot] = this.#fastestSentMs;
		this.#delays[slot] = this.#fastestDelayMs;
		this.#windowPackets = 0;
		const queuedBeforeMs = this.queueMs;
		this.#updateBase();
		const steep = this.queueMs > queuedBeforeMs && this.queueMs > STEEP_MS + STEEP_FACTOR * this.#usualQueueMs;
		this.#steep = steep ? this.#steep + 1 : 0;
		this.#usualQueueMs += USUAL_WEIGHT * (this.queueMs - this.#usualQueueMs);
		this.#judge();
	}

	#updateBase(): void {
		if (this.#fastestSentMs - this.#epochStartMs > BASE_EPOCH_MS) {
			this.#lowestBefore = this.#epochLowest;
			this.#epochLowest = Number.POSITIVE_INFINITY;
			this.#epochStartMs = this.#fastestSentMs;
		}
		this.#epochLowest = Math.min(this.#epochLowest, this.#fastestDelayMs);
		this.queueMs = this.#fastestDelayMs - Math.min(this.#epochLowest, this.#lowestBefore);
	}

	#judge(): void {
		const filled = Math.min(this.#count, WINDOWS);
		if (filled < ENOUGH_WINDOWS) return;
		this.#fit.clear();
		let oldestMs = Number.POSITIVE_INFINITY;
		let lowest = Number.POSITIVE_INFINITY;
		for (let at = 0; at < filled; at++) {
			const sentMs = this.#sent[at] ?? 0;
			const delayMs = this.#delays[at] ?? 0;
			this.#fit.add(sentMs, delayMs);
			if (sentMs < oldestMs) oldestMs = sentMs;
			if (delayMs < lowest) lowest = delayMs;
		}
		const slope = this.#fit.slope;
		const growthMs = slope * (this.#fastestSentMs - oldestMs);
		const significant = slope > SIGNIFICANCE * this.#fit.slopeError;
		if (growthMs > GROWTH_MS && this.queueMs > GROWTH_MS && significant) this.#growing++;
		else this.#growing = 0;
		const standingMs = lowest - Math.min(this.#epochLowest, this.#lowestBefore);
		if (this.#growing >= IN_A_ROW || this.#steep >= STEEP_IN_A_ROW) this.overused = true;
		else if (standingMs > STANDING_MS && growthMs > -GROWTH_MS) {
			this.overused = true;
			// Should it be the path that has become longer, then once is enough.
			this.#lowestBefore = this.#epochLowest = lowest;
			this.#epochStartMs = this.#fastestSentMs;
		}
	}
}

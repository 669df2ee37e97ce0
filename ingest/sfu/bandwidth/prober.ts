import { LineFit } from "./line-fit.ts";

const CLUSTER_MS = 200;
/** When there was an overload in the last minute: a token bucket (tbf, shapers) hides what is shorter. */
const CAREFUL_CLUSTER_MS = 400;
const CAREFUL_FOR_MS = 60_000;
/** Timers are late; a cluster is not made up for in one burst. */
const LARGEST_BURST_MS = 20;
/** Of what was sent; random loss, and a lost report, say nothing against the link. */
const ARRIVED_ENOUGH = 0.75;
const TOO_LITTLE_ARRIVED = 0.4;
const ENOUGH_PACKETS = 8;
/** Of the rate of the probe: it fits. */
const PASSED = 0.9;
/** Standard errors that jitter may account for. */
const CERTAINTY = 2;
/** Below that the measured capacity is safe to use. */
const SAFETY = 0.9;
/** Of the rate that was meant. Padding could not be sent, or too late: then it is the media that shows, and nothing new. */
const SENT_ENOUGH = 0.6;
const TIMEOUT_MS = 2000;
/** A probe that makes a queue grow like that has shown what it was to show. */
const HOPELESS_SLOPE = 0.5;
const FIRST_INTERVAL_MS = 2000;
const INTERVAL_AFTER_SUCCESS_MS = 400;
const BACKOFF = 1.6;
const LONGEST_INTERVAL_MS = 5000;
/** An overload so soon after a probe that passed: it was a burst's worth of luck. */
const LUCK_MS = 5000;

/**
 * Finds out whether more would fit than is sent, by sending more for a moment: a cluster, of media and padding. What a
 * cluster shows is how the one-way delay grows while it is sent: at twice the capacity by half its length.
 */
export class Prober {
	readonly #fit = new LineFit();
	/** Of a careful cluster's second half: a token bucket may have let the first through. */
	readonly #lateFit = new LineFit();
	#cluster = 0;
	/** Sending; then waiting for what it shows. */
	#active = false;
	#awaited = false;
	#rateBps = 0;
	#lengthMs = CLUSTER_MS;
	#startMs = 0;
	#lastSentMs = 0;
	#lastIndex = -1;
	#sentBytes = 0;
	#sentPackets = 0;
	#arrivedBytes = 0;
	#arrivedPackets = 0;
	#nextMs = Number.NEGATIVE_INFINITY;
	#intervalMs = FIRST_INTERVAL_MS;
	#failed = false;
	#passedMs = Number.NEGATIVE_INFINITY;
	#overusedMs = Number.NEGATIVE_INFINITY;

	/** Of packets sent now: 1 to 255, 0 outside a cluster. */
	get cluster(): number {
		return this.#active ? this.#cluster : 0;
	}

	get busy(): boolean {
		return this.#active || this.#awaited;
	}

	/** The newest result was less than what was sent. */
	get failed(): boolean {
		return this.#failed;
	}

	/** Begins a cluster when it is time for one. `wantedBps` is above `estimateBps`. */
	start(estimateBps: number, wantedBps: number, nowMs: number): void {
		if (this.busy || nowMs < this.#nextMs) return;
		this.#cluster = (this.#cluster % 255) + 1;
		this.#active = true;
		this.#rateBps = Math.min(estimateBps * (this.#failed ? 1.5 : 2), wantedBps * 1.15);
		this.#lengthMs = nowMs - this.#overusedMs < CAREFUL_FOR_MS ? CAREFUL_CLUSTER_MS : CLUSTER_MS;
		this.#startMs = this.#lastSentMs = nowMs;
		this.#lastIndex = -1;
		this.#sentBytes = this.#sentPackets = this.#arrivedBytes = this.#arrivedPackets = 0;
		this.#fit.clear();
		this.#lateFit.clear();
	}

	onSent(index: number, bytes: number, nowMs: number): void {
		this.#lastIndex = index;
		this.#lastSentMs = nowMs;
		this.#sentBytes += bytes;
		this.#sentPackets++;
	}

	/** Bytes of padding that are missing now; ends the cluster when it has lasted long enough. */
	paddingDue(nowMs: number): number {
		if (!this.#active) return 0;
		const elapsedMs = nowMs - this.#startMs;
		if (elapsedMs > this.#lengthMs && (this.#sentPackets >= ENOUGH_PACKETS || elapsedMs > 3 * this.#lengthMs)) {
			this.#end();
			return 0;
		}
		const missing = (this.#rateBps * elapsedMs) / 8000 - this.#sentBytes;
		return Math.max(0, Math.min(missing, (this.#rateBps * LARGEST_BURST_MS) / 8000));
	}

	onArrival(cluster: number, bytes: number, sentMs: number, delayMs: number): void {
		if (cluster !== this.#cluster || !this.busy) return;
		this.#arrivedBytes += bytes;
		this.#arrivedPackets++;
		this.#fit.add(sentMs, delayMs);
		if (sentMs - this.#startMs > CAREFUL_CLUSTER_MS / 2) this.#lateFit.add(sentMs, delayMs);
	}

	/**
	 * What the cluster has shown, once: bits a second that fit for certain, 0 when it has shown nothing. `newest`: extended
	 * sequence number of the newest that arrived, `newestSentMs` when it was sent.
	 */
	result(newest: number, newestSentMs: number, nowMs: number): number | undefined {
		if (this.#active && this.#arrivedPackets >= ENOUGH_PACKETS && this.#growth > HOPELESS_SLOPE) this.#end();
		if (!this.#awaited) return undefined;
		const complete =
			newest >= this.#lastIndex &&
			(this.#arrivedPackets === this.#sentPackets || newestSentMs > this.#lastSentMs + CLUSTER_MS / 2);
		if (!complete && nowMs < this.#lastSentMs + TIMEOUT_MS) return undefined;
		this.#awaited = false;
		const sentBps = (this.#sentBytes * 8000) / Math.max(1, this.#lastSentMs - this.#startMs);
		const arrived = this.#arrivedBytes / this.#sentBytes;
		if (sentBps < SENT_ENOUGH * this.#rateBps) return this.#onFailed(nowMs, 0);
		if (this.#arrivedPackets < ENOUGH_PACKETS || arrived < TOO_LITTLE_ARRIVED) return this.#onFailed(nowMs, 0);
		const passedBps = (sentBps * (arrived > ARRIVED_ENOUGH ? 1 : arrived)) / (1 + this.#growth);
		if (passedBps < PASSED * sentBps) return this.#onFailed(nowMs, passedBps * SAFETY);
		this.#failed = false;
		this.#passedMs = nowMs;
		this.#nextMs = nowMs + INTERVAL_AFTER_SUCCESS_MS;
		// What the backoff was for is over.
		this.#intervalMs = Math.max(FIRST_INTERVAL_MS, this.#intervalMs / BACKOFF);
		return passedBps;
	}

	/** The path is overloaded: no probe for a while. */
	onOveruse(nowMs: number): void {
		this.#overusedMs = nowMs;
		if (nowMs - this.#passedMs < LUCK_MS) {
			this.#failed = true;
			this.#passedMs = Number.NEGATIVE_INFINITY;
			this.#intervalMs = Math.min(LONGEST_INTERVAL_MS, this.#intervalMs * BACKOFF ** 2);
		}
		if (this.#active) this.#end();
		this.#nextMs = Math.max(this.#nextMs, nowMs + this.#intervalMs);
	}

	/** Milliseconds of queue added by each sent, as far as it is not noise. */
	get #growth(): number {
		const late = this.#lateFit.count < ENOUGH_PACKETS ? 0 : certainSlope(this.#lateFit);
		return Math.max(0, certainSlope(this.#fit), late);
	}

	#end(): void {
		this.#active = false;
		this.#awaited = true;
	}

	#onFailed(nowMs: number, passedBps: number): number {
		this.#failed = true;
		this.#nextMs = nowMs + this.#intervalMs;
		this.#intervalMs = Math.min(LONGEST_INTERVAL_MS, this.#intervalMs * BACKOFF);
		return passedBps;
	}
}

function certainSlope(fit: LineFit): number {
	return fit.slope - CERTAINTY * fit.slopeError;
}

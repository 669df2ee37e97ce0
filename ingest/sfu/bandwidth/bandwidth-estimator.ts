import { NOT_ARRIVED, REFERENCE_CYCLE, type TransportFeedback } from "../../rtp/transport-feedback-reader.ts";
import { ArrivalRate } from "./arrival-rate.ts";
import { DelayTrend } from "./delay-trend.ts";
import { LossRate, REORDERING_MS } from "./loss-rate.ts";
import { Prober } from "./prober.ts";
import { ARRIVED, IN_FLIGHT, MISSING, SentPackets, UNKNOWN } from "./sent-packets.ts";

export interface BandwidthEstimatorOptions {
	/** A first guess, bits a second, corrected within a second of media. Enough for one person in the best layer. */
	initialBps?: number;
	lowestBps?: number;
	highestBps?: number;
}

/** After an overload: a little less than what got through, so that the queue empties. */
const DECREASE = 0.85;
const GENTLE_DECREASE = 0.7;
const SHORT_QUEUE_MS = 60;
/** While everything that is sent gets through (draft-ietf-rmcat-gcc-02 section 5.5). */
const INCREASE_PER_S = 0.08;
const CAREFUL_INCREASE_BPS_PER_S = 40_000;
/** About what had been too much before, growth is careful. */
const NEAR_CAPACITY = 0.8;
/** More than was tried is not believed without a probe. */
const UNTRIED = 1.5;
/** What goes through now stays possible, whatever a probe shows. */
const TRIED = 1.1;
const UNTRIED_BPS = 10_000;
const ARRIVAL_WINDOW_MS = 250;
const GROWTH_WINDOW_MS = 500;
/** With a queue like that nothing grows and nothing is probed. */
const QUEUED_MS = 30;
/** Random loss stays below (section 6 of the draft). */
const MUCH_LOSS = 0.1;
const LITTLE_LOSS = 0.02;
/** So that a short window's bad luck is not taken for more than it is. */
const LOSS_SIGNIFICANCE = 2;
const OVERUSE_QUIET_MS = 1000;
/** After a cluster its queue may have to empty. */
const AFTER_PROBE_MS = 150;
/** Feedback that stays out for so long is not to be expected. */
const FEEDBACK_EXPECTED_MS = 5000;

/**
 * How much one subscriber's connection carries. One a WHEP connection; no timer of its own, all time is handed in (any
 * clock that does not jump, with fractions of a millisecond: `performance.now()`).
 *
 * To plug it in (subscriber.ts):
 * - every RTP packet of the connection carries the transport-wide sequence number (one counter a connection; audio, video,
 *   RTX and padding) and is told to `onSent`, with its bytes on the wire (RTP packet, SRTP tag, some 28 for UDP and IP);
 * - RTCP 205/15 goes through `TransportFeedback.read` (one for all connections will do) to `onFeedback`; REMB to `onRemb`;
 *   the worst fraction lost of a receiver report, and its round trip, to `onReport`. Which of them counts is decided here;
 * - after each of these, and every 100 to 200 ms, `LayerAllocator.allocate` is asked with `estimateBps`, and what it says it
 *   would need is set as `wantedBps`;
 * - every 5 to 10 ms while `probing`, every 50 ms or so otherwise, `paddingDue` is asked, and about as many bytes are sent:
 *   RTX of recent packets (RFC 4588), or RTP padding on the RTX SSRC (libwebrtc does not count what has an SSRC it was not told
 *   of). Less than a few hundred bytes can wait for the next call. These go to `onSent` as well.
 */
export class BandwidthEstimator {
	/** Bits a second that the next better choice of layers needs; 0 when there is none. Probes are for nothing else. */
	wantedBps = 0;
	readonly #lowestBps: number;
	readonly #highestBps: number;
	readonly #sent = new SentPackets();
	readonly #trend = new DelayTrend();
	readonly #arrivals = new ArrivalRate();
	readonly #loss = new LossRate();
	readonly #prober = new Prober();
	#bps: number;
	/** What the last overload got through. */
	#capacityBps = Number.POSITIVE_INFINITY;
	#overusedMs = Number.NEGATIVE_INFINITY;
	#updatedMs = Number.NaN;
	/** Extended sequence number of the newest that arrived. */
	#newest = -1;
	#reference = Number.NaN;
	#reportCount = -1;
	#feedbackMs = Number.NEGATIVE_INFINITY;
	#rembMs = Number.NEGATIVE_INFINITY;
	#roundTripMs: number | undefined;
	#lossFraction = 0;

	constructor(options: BandwidthEstimatorOptions = {}) {
		this.#bps = options.initialBps ?? 2_000_000;
		this.#lowestBps = options.lowestBps ?? 80_000;
		this.#highestBps = options.highestBps ?? 50_000_000;
	}

	/** Bits a second on the wire. */
	get estimateBps(): number {
		return this.#bps;
	}

	/** A cluster is being sent: `paddingDue` wants to be asked every 5 to 10 ms. */
	get probing(): boolean {
		return this.#prober.cluster !== 0;
	}

	/** 0 to 1, over about the last second. */
	get lossFraction(): number {
		return this.#lossFraction;
	}

	/** With the time the peer kept the packet to itself; undefined before anything is known. */
	get roundTripMs(): number | undefined {
		return this.#roundTripMs;
	}

	/** What waits in the path's buffers, in ms. */
	get queueMs(): number {
		return this.#trend.queueMs;
	}

	/** Bits a second that arrived of late; undefined without feedback. */
	get arrivingBps(): number | undefined {
		return this.#arrivals.bps(1000);
	}

	/** `sequence16`: transport-wide. Ascending by one; what is not sent after all may be left out. */
	onSent(sequence16: number, bytes: number, nowMs: number): void {
		const cluster = this.#prober.cluster;
		const index = this.#sent.add(sequence16, bytes, nowMs, cluster);
		if (cluster !== 0 && index >= 0) this.#prober.onSent(index, bytes, nowMs);
	}

	onFeedback(feedback: TransportFeedback, nowMs: number): void {
		if (!this.#markArrived(feedback, nowMs)) return;
		this.#feedbackMs = nowMs;
		const newestSentMs = this.#sent.sentMs(this.#newest);
		const shownBps = this.#prober.result(this.#newest, newestSentMs, nowMs);
		if (shownBps !== undefined) {
			this.#onProbed(shownBps);
			this.#trend.reset(nowMs + AFTER_PROBE_MS);
		}
		const judged = this.#loss.advance(this.#sent, this.#newest);
		if (judged) this.#lossFraction = this.#loss.fraction;
		if (this.#trend.overused) this.#onOveruse(nowMs);
		else if (judged && this.#loss.fraction > MUCH_LOSS) this.#onLoss(nowMs);
		else this.#grow(nowMs);
	}

	/**
	 * Of a receiver report (RFC 3550 section 6.4.1): 0 to 1. The only thing known of peers that send nothing else: then the
	 * estimate grows with time, for want of anything that would show a probe's result.
	 */
	onReport(lossFraction: number, roundTripMs: number | undefined, nowMs: number): void {
		if (nowMs - this.#feedbackMs < FEEDBACK_EXPECTED_MS) return;
		this.#roundTripMs = roundTripMs ?? this.#roundTripMs;
		this.#lossFraction = lossFraction;
		if (nowMs - this.#rembMs < FEEDBACK_EXPECTED_MS) return;
		const seconds = this.#secondsSince(nowMs);
		if (lossFraction > MUCH_LOSS) this.#set(this.#bps * (1 - lossFraction / 2));
		else if (lossFraction < LITTLE_LOSS) this.#set(this.#bps * (1 + INCREASE_PER_S * seconds));
	}

	/** Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb-03): what peers without transport feedback say. */
	onRemb(bps: number, nowMs: number): void {
		this.#rembMs = nowMs;
		if (nowMs - this.#feedbackMs >= FEEDBACK_EXPECTED_MS) this.#set(bps);
	}

	/** Bytes of padding to send now; 0 most of the time. */
	paddingDue(nowMs: number): number {
		if (this.#mayProbe(nowMs)) this.#prober.start(this.#bps, this.wantedBps, nowMs);
		return this.#prober.paddingDue(nowMs);
	}

	/** Only where a result can be had, and nothing speaks against it already. */
	#mayProbe(nowMs: number): boolean {
		return (
			this.wantedBps > this.#bps &&
			this.#bps < this.#highestBps &&
			nowMs - this.#feedbackMs < 500 &&
			this.#trend.queueMs < QUEUED_MS
		);
	}

	/** One pass over the report. False when there was nothing new in it. */
	#markArrived(feedback: TransportFeedback, nowMs: number): boolean {
		this.#reference = unwrap(this.#reference, feedback.reference);
		if (feedback.reportCount !== ((this.#reportCount + 1) & 0xff)) this.#doubtMissing();
		this.#reportCount = feedback.reportCount;
		const sent = this.#sent;
		const base = sent.indexOf(feedback.baseSequence);
		const first = Math.max(0, sent.remembered(base) - base);
		const end = Math.min(feedback.count, sent.next - base);
		let news = false;
		for (let at = first; at < end; at++) {
			const ticks = feedback.arrivals[at] ?? NOT_ARRIVED;
			const index = base + at;
			const state = sent.state(index);
			if (state === UNKNOWN || state === ARRIVED) continue;
			if (ticks === NOT_ARRIVED) {
				sent.mark(index, MISSING);
				continue;
			}
			sent.mark(index, ARRIVED);
			news = true;
			const sentMs = sent.sentMs(index);
			const arrivedMs = this.#reference * 64 + ticks / 4;
			const cluster = sent.cluster(index);
			this.#arrivals.onArrival(arrivedMs, sent.bytes(index));
			if (cluster === 0) this.#trend.onArrival(sentMs, arrivedMs - sentMs);
			else this.#prober.onArrival(cluster, sent.bytes(index), sentMs, arrivedMs - sentMs);
			if (index > this.#newest) {
				this.#newest = index;
				this.#roundTripMs = nowMs - sentMs;
			}
		}
		return news;
	}

	/** A report was lost, which may have said that they came late after all. */
	#doubtMissing(): void {
		const sent = this.#sent;
		const sinceMs = sent.sentMs(this.#newest) - REORDERING_MS;
		for (let at = this.#newest; at >= sent.remembered(0) && sent.sentMs(at) > sinceMs; at--)
			if (sent.state(at) === MISSING) sent.mark(at, IN_FLIGHT);
	}

	#onProbed(shownBps: number): void {
		// A full token bucket lets a first probe through, and shows at the next.
		const arriving = this.#arrivals.bps(1000) ?? this.#bps;
		if (this.#prober.failed && shownBps > 0) this.#set(Math.max(shownBps, Math.min(this.#bps, TRIED * arriving)));
		else this.#set(Math.max(this.#bps, shownBps));
	}

	#onOveruse(nowMs: number): void {
		const arriving = this.#arrivals.bps(ARRIVAL_WINDOW_MS) ?? this.#bps;
		this.#capacityBps = arriving;
		// Little is sent, and little waits: it may be an accident, and what is sent may be all there was to send.
		const gentle = this.#trend.queueMs < SHORT_QUEUE_MS ? this.#bps * GENTLE_DECREASE : 0;
		this.#decrease(Math.max(gentle, arriving * DECREASE), nowMs);
	}

	#onLoss(nowMs: number): void {
		const { fraction, packets, sentBps } = this.#loss;
		const luck = LOSS_SIGNIFICANCE * Math.sqrt((fraction * (1 - fraction)) / packets);
		if (fraction - luck < MUCH_LOSS) return;
		// Of what was sent then, not of what would have been possible.
		this.#decrease(sentBps * (1 - fraction / 2), nowMs);
	}

	#decrease(bps: number, nowMs: number): void {
		this.#overusedMs = nowMs;
		this.#updatedMs = nowMs;
		if (bps < this.#bps) this.#set(bps);
		this.#prober.onOveruse(nowMs);
		this.#trend.reset(nowMs);
		this.#loss.restart(nowMs);
	}

	#grow(nowMs: number): void {
		const seconds = this.#secondsSince(nowMs);
		if (nowMs - this.#overusedMs < OVERUSE_QUIET_MS || this.#trend.queueMs > QUEUED_MS || this.#prober.busy) return;
		const arriving = this.#arrivals.bps(GROWTH_WINDOW_MS);
		if (arriving === undefined) return;
		const tried = UNTRIED * arriving + UNTRIED_BPS;
		const careful = this.#bps > NEAR_CAPACITY * this.#capacityBps;
		const grown = this.#bps + seconds * (careful ? CAREFUL_INCREASE_BPS_PER_S : INCREASE_PER_S * this.#bps);
		if (this.#bps < tried) this.#set(Math.min(grown, tried));
		if (this.#bps > 1.2 * this.#capacityBps) this.#capacityBps = Number.POSITIVE_INFINITY;
	}

	/** Since the last call, a second at most. */
	#secondsSince(nowMs: number): number {
		const elapsedMs = nowMs - this.#updatedMs;
		this.#updatedMs = nowMs;
		return Number.isNaN(elapsedMs) ? 0 : Math.min(1, elapsedMs / 1000);
	}

	#set(bps: number): void {
		this.#bps = Math.max(this.#lowestBps, Math.min(this.#highestBps, bps));
	}
}

/** The number nearest to `previous` of those that are `value` modulo the cycle. */
function unwrap(previous: number, value: number): number {
	if (Number.isNaN(previous)) return value;
	const ahead = (((value - previous) % REFERENCE_CYCLE) + REFERENCE_CYCLE) % REFERENCE_CYCLE;
	return previous + (ahead < REFERENCE_CYCLE / 2 ? ahead : ahead - REFERENCE_CYCLE);
}

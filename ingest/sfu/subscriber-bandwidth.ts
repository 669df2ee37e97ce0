import type { Clock } from "../../core/runtime/clock.ts";
import { TransportFeedback } from "../rtp/transport-feedback-reader.ts";
import { layerBitrate, nextLayer, PAUSED, type SlotDemand } from "./bandwidth/allocation.ts";
import { BandwidthEstimator } from "./bandwidth/bandwidth-estimator.ts";
import { LayerAllocator } from "./bandwidth/layer-allocator.ts";
import type { SentPackets } from "./sent-packets.ts";

/** On the wire, beside the RTP packet: the tag of SRTP, and the headers of UDP and IP. */
const PACKET_OVERHEAD_BYTES = 38;
const PROBE_INTERVAL_MS = 5;
/** An overload shows in the estimate first, and in the choice of layers a moment later. */
const OVERLOADED_MS = 1_000;
/** How long a path that was overloaded is not given more than was measured. */
const CAREFUL_MS = 30_000;
const MUCH_LOSS = 0.1;
const LONG_QUEUE_MS = 100;
/** An estimate falls by more than that only where something is wrong. */
const DECREASE = 0.95;

/**
 * What one subscriber's connection carries, and how it is shared among its slots. Nobody's picture is paused for want of a
 * measurement: until something is wrong with the path, everyone has the lowest layer at least.
 */
export class SubscriberBandwidth implements SentPackets {
	readonly #estimator = new BandwidthEstimator();
	readonly #allocator = new LayerAllocator();
	readonly #feedback = new TransportFeedback();
	/** Does not jump, and counts fractions of milliseconds. */
	readonly #steady: Clock;
	readonly #sendPadding: (bytes: number) => void;
	#probeTimer: NodeJS.Timeout | undefined;
	#next = 0;
	#estimateBefore: number;
	#troubledMs = Number.NEGATIVE_INFINITY;

	/** `sendPadding`: that many bytes, as retransmissions of nothing. */
	constructor({ sendPadding }: { sendPadding(bytes: number): void }, { steady }: { steady: Clock }) {
		this.#sendPadding = sendPadding;
		this.#steady = steady;
		this.#estimateBefore = this.#estimator.estimateBps;
	}

	get nextSequence(): number {
		return this.#next;
	}

	get estimateBitsPerSecond(): number {
		return this.#estimator.estimateBps;
	}

	/** Of transport-wide feedback: of late, and of the whole path. */
	get roundTripMs(): number | undefined {
		return this.#estimator.roundTripMs;
	}

	/** More was sent of late than the path carries. */
	get overloaded(): boolean {
		return this.#steady.now() - this.#troubledMs < OVERLOADED_MS;
	}

	onSent(bytes: number): void {
		this.#estimator.onSent(this.#next, bytes + PACKET_OVERHEAD_BYTES, this.#steady.now());
		this.#next = (this.#next + 1) & 0xffff;
	}

	onFeedback(message: Buffer): void {
		if (this.#feedback.read(message)) this.#estimator.onFeedback(this.#feedback, this.#steady.now());
	}

	onRemb(bitsPerSecond: number): void {
		this.#estimator.onRemb(bitsPerSecond, this.#steady.now());
	}

	/** `lost`: 0 to 1, the worst of the streams. */
	onReport(lost: number, roundTripMs: number | undefined): void {
		this.#estimator.onReport(lost, roundTripMs, this.#steady.now());
	}

	/** Index of a layer for each of `demands`, or PAUSED. `audioBps`: of all sound that is sent. */
	allocate(demands: readonly SlotDemand[], audioBps: number): number[] {
		const now = this.#steady.now();
		const { estimateBps, queueMs, lossFraction } = this.#estimator;
		if (estimateBps < this.#estimateBefore * DECREASE || queueMs > LONG_QUEUE_MS || lossFraction > MUCH_LOSS)
			this.#troubledMs = now;
		this.#estimateBefore = estimateBps;
		const careful = now - this.#troubledMs < CAREFUL_MS;
		const budgetBps = careful ? estimateBps : Math.max(estimateBps, audioBps + lowestBps(demands));
		const { layers, wantedBps } = this.#allocator.allocate(budgetBps, audioBps, demands, now);
		this.#estimator.wantedBps = wantedBps;
		return layers;
	}

	/** Sends what probes of the path need now; to be called about every 20 ms. */
	probe(): void {
		const bytes = this.#estimator.paddingDue(this.#steady.now());
		if (bytes > 0) this.#sendPadding(bytes);
		if (this.#estimator.probing) this.#probeTimer ??= setInterval(() => this.probe(), PROBE_INTERVAL_MS);
		else this.close();
	}

	/** Ends the timer of a probe. */
	close(): void {
		clearInterval(this.#probeTimer);
		this.#probeTimer = undefined;
	}
}

function lowestBps(demands: readonly SlotDemand[]): number {
	return demands.reduce((sum, demand) => {
		const layer = demand.maxLayer < 0 ? PAUSED : nextLayer(demand, PAUSED, demand.maxLayer);
		// A bitrate goes up and down by the second.
		return sum + 1.5 * layerBitrate(demand, layer);
	}, 0);
}

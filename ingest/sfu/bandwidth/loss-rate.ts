import { ARRIVED, MISSING, type SentPackets } from "./sent-packets.ts";

/** A packet is lost when what was sent so much later has arrived: reordering by jitter is no loss. */
export const REORDERING_MS = 150;
const WINDOW_MS = 1000;
const WINDOW_PACKETS = 50;
/** So many lost in a row and nothing between them: an interruption, which tells nothing of the capacity. */
const OUTAGE_PACKETS = 40;
const OUTAGE_MS = 250;

/** Loss over windows of about a second, judged late enough to be true. */
export class LossRate {
	#judged = -1;
	#ignoredBeforeMs = Number.NEGATIVE_INFINITY;
	#windowStartMs = Number.NaN;
	#lost = 0;
	#arrived = 0;
	#bytes = 0;
	#runLength = 0;
	#runStartMs = 0;
	/** Of the last whole window, 0 to 1. */
	fraction = 0;
	/** Packets in that window. */
	packets = 0;
	/** Bits a second that were sent in that window, lost or not, probes apart. */
	sentBps = 0;

	/** `newest`: extended sequence number of the newest that arrived. True when a window has ended. */
	advance(sent: SentPackets, newest: number): boolean {
		if (this.#judged < 0) this.#judged = newest;
		this.#judged = sent.remembered(this.#judged);
		const newestMs = sent.sentMs(newest);
		for (; this.#judged < newest; this.#judged++) {
			const sentMs = sent.sentMs(this.#judged);
			const state = sent.state(this.#judged);
			if (newestMs - sentMs < REORDERING_MS && state !== ARRIVED) break;
			// A probe finds the limit by going beyond it.
			if (sent.cluster(this.#judged) !== 0 || sentMs < this.#ignoredBeforeMs) continue;
			this.#bytes += sent.bytes(this.#judged);
			if (state === ARRIVED) this.#onArrived(sentMs);
			// Not those whose report was lost: nothing is known of them.
			else if (state === MISSING && this.#runLength++ === 0) this.#runStartMs = sentMs;
		}
		return this.#endWindow(sent.sentMs(this.#judged));
	}

	/** Forgets what it has counted: what was sent before belongs to another rate. */
	restart(ignoredBeforeMs: number): void {
		this.#ignoredBeforeMs = ignoredBeforeMs;
		this.#runLength = 0;
		this.#clear();
	}

	#clear(): void {
		this.#lost = this.#arrived = this.#bytes = 0;
		this.#windowStartMs = Number.NaN;
	}

	#onArrived(sentMs: number): void {
		const outage = this.#runLength >= OUTAGE_PACKETS && sentMs - this.#runStartMs >= OUTAGE_MS;
		if (!outage) this.#lost += this.#runLength;
		this.#runLength = 0;
		this.#arrived++;
		if (Number.isNaN(this.#windowStartMs)) this.#windowStartMs = sentMs;
	}

	#endWindow(nowMs: number): boolean {
		const packets = this.#lost + this.#arrived;
		const elapsedMs = nowMs - this.#windowStartMs;
		if (!(elapsedMs >= WINDOW_MS) || packets < WINDOW_PACKETS) return false;
		this.fraction = this.#lost / packets;
		this.packets = packets;
		this.sentBps = (this.#bytes * 8000) / elapsedMs;
		this.#clear();
		return true;
	}
}

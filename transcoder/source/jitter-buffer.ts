import { sequenceDistance } from "./rtp.ts";

/** Packets held while one is missing: a large keyframe. */
const MAX_HELD = 512;
/** A jump this far is no loss but a sender that began anew. */
const MAX_JUMP = 2000;

export interface InOrder<P> {
	packet: P;
	/** Packets before this one are missing for good. */
	afterLoss: boolean;
}

/** Puts RTP packets in the order of their sequence numbers. */
export class JitterBuffer<P extends { sequence: number }> {
	readonly #held = new Map<number, { packet: P; arrivedMs: number }>();
	#next: number | undefined;
	#lost = false;
	readonly #waitMs: () => number;

	/** `waitMs`: how long a missing packet is waited for, from when the first one behind it has come. */
	constructor({ waitMs }: { waitMs: () => number }) {
		this.#waitMs = waitMs;
	}

	/** Late and repeated packets are let go. */
	push(packet: P, arrivedMs: number): void {
		this.#next ??= packet.sequence;
		const ahead = sequenceDistance(packet.sequence, this.#next);
		if (Math.abs(ahead) > MAX_JUMP) {
			this.#held.clear();
			this.#next = packet.sequence;
			this.#lost = true;
		} else if (ahead < 0) return;
		if (!this.#held.has(packet.sequence)) this.#held.set(packet.sequence, { packet, arrivedMs });
	}

	/** What may be used now. Call it after every push, and now and then, since waiting ends by time. */
	*pull(nowMs: number): Generator<InOrder<P>> {
		while (this.#next !== undefined && this.#held.size > 0) {
			const entry = this.#held.get(this.#next);
			if (!entry) {
				if (!this.#gaveUp(nowMs)) return;
				continue;
			}
			this.#held.delete(this.#next);
			this.#next = (this.#next + 1) & 0xffff;
			const afterLoss = this.#lost;
			this.#lost = false;
			yield { packet: entry.packet, afterLoss };
		}
	}

	/** Skips the missing packets when they were waited for long enough. */
	#gaveUp(nowMs: number): boolean {
		const next = this.#next ?? 0;
		let nearest = MAX_JUMP + 1;
		let oldestMs = nowMs;
		for (const { packet, arrivedMs } of this.#held.values()) {
			nearest = Math.min(nearest, sequenceDistance(packet.sequence, next));
			oldestMs = Math.min(oldestMs, arrivedMs);
		}
		if (nowMs - oldestMs < this.#waitMs() && this.#held.size < MAX_HELD) return false;
		this.#next = (next + nearest) & 0xffff;
		this.#lost = true;
		return true;
	}
}

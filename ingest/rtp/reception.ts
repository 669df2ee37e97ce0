import type { ReportBlock } from "./rtcp-write.ts";

/** Statistics of one received stream, as its sender wants them in receiver reports (RFC 3550 sections 6.4.1, A.3, A.8). */
export class Reception {
	readonly #ssrc: number;
	readonly #clockRate: number;
	#first = -1;
	#highest = -1;
	#received = 0;
	#jitter = 0;
	#lastTransit: number | undefined;
	#expectedBefore = 0;
	#receivedBefore = 0;
	#report: { middle: number; atMs: number } | undefined;

	constructor(ssrc: number, clockRate: number) {
		this.#ssrc = ssrc;
		this.#clockRate = clockRate;
	}

	get packets(): number {
		return this.#received;
	}

	/** Of all that were expected; late ones and duplicates can make it negative. */
	get lost(): number {
		return this.#first < 0 ? 0 : this.#highest - this.#first + 1 - this.#received;
	}

	get jitterMs(): number {
		return (1000 * this.#jitter) / this.#clockRate;
	}

	/** `index`: extended sequence number. Not for retransmissions on an SSRC of their own: the loss was real. */
	onPacket(index: number, timestamp: number, nowMs: number): void {
		if (this.#first < 0) this.#first = index;
		this.#received++;
		if (index <= this.#highest) return;
		this.#highest = index;
		const transit = (Math.round((nowMs * this.#clockRate) / 1000) - timestamp) | 0;
		if (this.#lastTransit !== undefined) {
			const difference = Math.abs((transit - this.#lastTransit) | 0);
			this.#jitter += (difference - this.#jitter) / 16;
		}
		this.#lastTransit = transit;
	}

	onSenderReport(ntp: bigint, nowMs: number): void {
		this.#report = { middle: Number(BigInt.asUintN(32, ntp >> 16n)), atMs: nowMs };
	}

	/** Since the last call; undefined before the first packet. */
	block(nowMs: number): ReportBlock | undefined {
		if (this.#first < 0) return undefined;
		const expected = this.#highest - this.#first + 1;
		const expectedNow = expected - this.#expectedBefore;
		const lostNow = Math.max(0, expectedNow - (this.#received - this.#receivedBefore));
		this.#expectedBefore = expected;
		this.#receivedBefore = this.#received;
		return {
			ssrc: this.#ssrc,
			fractionLost: expectedNow > 0 ? Math.min(255, Math.floor((256 * lostNow) / expectedNow)) : 0,
			packetsLost: Math.max(-0x800000, Math.min(0x7fffff, this.lost)),
			highestSequence: this.#highest,
			jitter: Math.round(this.#jitter),
			lastReport: this.#report?.middle ?? 0,
			delaySinceLastReport: this.#report ? Math.round(((nowMs - this.#report.atMs) * 65536) / 1000) : 0,
		};
	}
}

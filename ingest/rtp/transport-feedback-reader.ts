/**
 * Reads transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01) into arrays that
 * the next report uses again: one reader is enough for all connections of a thread.
 */

/** Statuses in one report. More than that tells of packets whose record is long gone (`sfu/bandwidth/sent-packets.ts`). */
const MAX_STATUSES = 8192;
/** In `TransportFeedback.arrivals`, for a packet that has not come. */
export const NOT_ARRIVED = -0x80000000;
/** Of `reference`. */
export const REFERENCE_CYCLE = 0x1000000;

export class TransportFeedback {
	senderSsrc = 0;
	mediaSsrc = 0;
	/** Of the first packet reported, 16 bits. */
	baseSequence = 0;
	/** Packets reported: the first `count` of `arrivals`. */
	count = 0;
	/** On the receiver's clock, in 64 ms, modulo 2^24 (12 days). */
	reference = 0;
	/** Of the report itself, 8 bits. */
	reportCount = 0;
	/** When each packet came: 250 µs ticks after `reference`, or NOT_ARRIVED. */
	readonly arrivals = new Int32Array(MAX_STATUSES);

	/**
	 * `packet`: one RTCP packet (PT 205, FMT 15) in the clear, from its header to its end, padding included. False when it is
	 * malformed; what this object holds then is nothing.
	 */
	read(packet: Buffer): boolean {
		this.count = 0;
		if (packet.length < 20 || packet[0] === undefined) return false;
		if ((packet[0] & 0xdf) !== 0x8f || packet[1] !== 205) return false;
		const padding = packet[0] & 0x20 ? (packet[packet.length - 1] ?? 0) : 0;
		const end = packet.length - padding;
		const count = packet.readUInt16BE(14);
		if (count === 0 || count > MAX_STATUSES || end < 20) return false;
		this.senderSsrc = packet.readUInt32BE(4);
		this.mediaSsrc = packet.readUInt32BE(8);
		this.baseSequence = packet.readUInt16BE(12);
		this.reference = packet.readUIntBE(16, 3);
		this.reportCount = packet[19] ?? 0;
		const deltas = this.#readStatuses(packet, end, count);
		if (deltas < 0 || !this.#readDeltas(packet, deltas, end, count)) return false;
		this.count = count;
		return true;
	}

	/** Leaves the symbols in `arrivals`; returns where the deltas begin, or -1. */
	#readStatuses(packet: Buffer, end: number, count: number): number {
		const symbols = this.arrivals;
		let at = 20;
		for (let known = 0; known < count; ) {
			if (at + 2 > end) return -1;
			const chunk = packet.readUInt16BE(at);
			at += 2;
			if (chunk < 0x8000) {
				const run = Math.min(chunk & 0x1fff, count - known);
				// A run of none: harmless, and each takes two bytes, so that they end.
				symbols.fill(chunk >> 13, known, known + run);
				known += run;
			} else if (chunk < 0xc000) {
				for (let bit = 13; bit >= 0 && known < count; bit--) symbols[known++] = (chunk >> bit) & 1;
			} else {
				for (let bit = 12; bit >= 0 && known < count; bit -= 2) symbols[known++] = (chunk >> bit) & 3;
			}
		}
		return at;
	}

	#readDeltas(packet: Buffer, start: number, end: number, count: number): boolean {
		const arrivals = this.arrivals;
		let at = start;
		let ticks = 0;
		for (let index = 0; index < count; index++) {
			const symbol = arrivals[index];
			if (symbol === 0) arrivals[index] = NOT_ARRIVED;
			else {
				// 3 is reserved: its length is not known, nor anything after it.
				if (symbol === 3 || symbol === undefined || at + symbol > end) return false;
				ticks += symbol === 1 ? (packet[at] ?? 0) : packet.readInt16BE(at);
				at += symbol;
				arrivals[index] = ticks;
			}
		}
		return true;
	}
}

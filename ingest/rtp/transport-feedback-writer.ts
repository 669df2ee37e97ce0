/**
 * Transport-wide congestion control feedback, the receiving side (draft-holmer-rmcat-transport-wide-cc-extensions-01).
 *
 * One writer a connection. Give it every RTP packet that was authenticated and carries the extension: audio, video,
 * retransmissions and padding alike; a packet left out counts as lost with the sender and its estimate collapses.
 * Call `take` every 10 to 50 ms and send each packet it gives by itself or as the last of a compound packet: it may end
 * in RTCP padding, which nothing may follow (RFC 3550 section 6.4.1).
 */

export interface TransportFeedbackWriterOptions {
	senderSsrc: number;
	/** Any SSRC the peer sends; libwebrtc passes over feedback about SSRCs it does not know. May be set later. */
	mediaSsrc?: number;
	/** Between two reports. libwebrtc's own is 50 ms for anything faster than 200 kbit/s. */
	intervalMs?: number;
}

/** Power of two: arrival times are kept by sequence number. 50 ms of 80,000 packets a second. */
const REMEMBERED = 4096;
const TICKS_PER_MS = 4;
/** 64 ms. */
const TICKS_PER_REFERENCE = 256;
const HEADER_BYTES = 20;
/** A report stays well inside a datagram, SRTCP and UDP included. */
const MAX_BYTES = 1100;
const NOT_RECEIVED = 0;
const SMALL_DELTA = 1;
const LARGE_DELTA = 2;
const NEVER = -1;

export class TransportFeedbackWriter {
	mediaSsrc: number;
	readonly #senderSsrc: number;
	readonly #intervalMs: number;
	/** In 250 µs ticks, at the extended sequence number modulo `REMEMBERED`; NEVER when it did not come. */
	readonly #arrivals = new Float64Array(REMEMBERED).fill(NEVER);
	readonly #chunks = new StatusChunks();
	readonly #deltas = Buffer.alloc(MAX_BYTES);
	/** Extended sequence numbers: the newest received, and the first not yet reported. */
	#highest = -1;
	#unreported = 0;
	#outOfWindow = -2;
	#nextMs = 0;
	#count = 0;

	constructor({ senderSsrc, mediaSsrc = 0, intervalMs = 50 }: TransportFeedbackWriterOptions) {
		this.#senderSsrc = senderSsrc;
		this.mediaSsrc = mediaSsrc;
		this.#intervalMs = intervalMs;
	}

	/** `sequence16`: as the extension has it. `nowMs`: of arrival, fractions welcome; any clock that does not jump. */
	onPacket(sequence16: number, nowMs: number): void {
		const index = this.#indexOf(sequence16);
		if (index < 0) return;
		if (index > this.#highest) this.#advance(index);
		const slot = index & (REMEMBERED - 1);
		if (this.#arrivals[slot] !== NEVER) return;
		this.#arrivals[slot] = Math.round(nowMs * TICKS_PER_MS);
		// Late: said to be missing in an earlier report, which this one takes back.
		if (index < this.#unreported) this.#unreported = index;
	}

	/** The reports that are due: whole RTCP packets in the clear, none most of the time. */
	take(nowMs: number): Buffer[] {
		if (this.#unreported > this.#highest || nowMs < this.#nextMs) return [];
		this.#nextMs = nowMs + this.#intervalMs;
		const packets: Buffer[] = [];
		this.#unreported = Math.max(this.#unreported, this.#highest - REMEMBERED + 1);
		while (this.#unreported <= this.#highest) packets.push(this.#write());
		return packets;
	}

	/** Extended; -1 when it is too late to matter. */
	#indexOf(sequence16: number): number {
		if (this.#highest < 0) this.#restart(sequence16);
		// Signed: what is less than half the circle behind is late.
		const index = this.#highest + (((sequence16 - this.#highest) << 16) >> 16);
		if (index > this.#highest - REMEMBERED) return index;
		// Two in a row from somewhere else: the numbering has moved on, as after an outage of half the circle.
		const follows = sequence16 === ((this.#outOfWindow + 1) & 0xffff);
		this.#outOfWindow = sequence16;
		if (!follows) return -1;
		this.#restart(sequence16);
		return this.#highest + 1;
	}

	#restart(sequence16: number): void {
		this.#arrivals.fill(NEVER);
		// One turn of the circle up, so that packets reordered at the very start have a place.
		this.#highest = 0x10000 + sequence16 - 1;
		this.#unreported = this.#highest + 1;
		this.#outOfWindow = -2;
	}

	#advance(index: number): void {
		if (index - this.#highest >= REMEMBERED) this.#arrivals.fill(NEVER);
		else for (let at = this.#highest + 1; at <= index; at++) this.#arrivals[at & (REMEMBERED - 1)] = NEVER;
		this.#highest = index;
	}

	/** From the first unreported packet as far as one report goes. */
	#write(): Buffer {
		const chunks = this.#chunks;
		const deltas = this.#deltas;
		const base = this.#unreported;
		chunks.clear();
		let deltaBytes = 0;
		let reference = 0;
		let previous = NEVER;
		/** Of `chunks`, up to the last packet received: a report ends with one. */
		let next = base;
		for (let index = base; index <= this.#highest; index++) {
			const arrival = this.#arrivals[index & (REMEMBERED - 1)] ?? NEVER;
			if (arrival === NEVER) continue;
			if (previous === NEVER) {
				reference = Math.floor(arrival / TICKS_PER_REFERENCE);
				previous = reference * TICKS_PER_REFERENCE;
			}
			const delta = arrival - previous;
			if (delta < -0x8000 || delta > 0x7fff) break;
			if (HEADER_BYTES + chunks.maxBytes + deltaBytes + 8 > MAX_BYTES) break;
			for (; next < index; next++) chunks.add(NOT_RECEIVED);
			if (delta >= 0 && delta <= 0xff) {
				chunks.add(SMALL_DELTA);
				deltas[deltaBytes++] = delta;
			} else {
				chunks.add(LARGE_DELTA);
				deltaBytes = deltas.writeInt16BE(delta, deltaBytes);
			}
			next++;
			previous = arrival;
		}
		this.#unreported = next;

		chunks.end();
		const bytes = HEADER_BYTES + chunks.length + deltaBytes;
		const padding = -bytes & 3;
		const packet = Buffer.alloc(bytes + padding);
		packet[0] = 0x80 | (padding > 0 ? 0x20 : 0) | 15;
		packet[1] = 205;
		packet.writeUInt16BE(packet.length / 4 - 1, 2);
		packet.writeUInt32BE(this.#senderSsrc >>> 0, 4);
		packet.writeUInt32BE(this.mediaSsrc >>> 0, 8);
		packet.writeUInt16BE(base & 0xffff, 12);
		packet.writeUInt16BE(next - base, 14);
		// 24 bits, wrapping.
		packet.writeUIntBE(((reference % 0x1000000) + 0x1000000) % 0x1000000, 16, 3);
		packet[19] = this.#count++ & 0xff;
		chunks.copyTo(packet, HEADER_BYTES);
		deltas.copy(packet, HEADER_BYTES + chunks.length, 0, deltaBytes);
		if (padding > 0) packet[packet.length - 1] = padding;
		return packet;
	}
}

const MAX_RUN = 0x1fff;
const ONE_BIT_SYMBOLS = 14;
const TWO_BIT_SYMBOLS = 7;

/** Packs packet statuses into 16-bit chunks (section 3.1.2 to 3.1.4), greedily. */
class StatusChunks {
	readonly #buffer = Buffer.alloc(MAX_BYTES + 64);
	/** Not yet written: up to 14, or a run of equal ones of any length. */
	readonly #pending = new Uint8Array(ONE_BIT_SYMBOLS);
	#size = 0;
	#equal = true;
	#large = false;
	/** Bytes written. */
	length = 0;

	/** Bytes when it ended now, and one more chunk for what comes. */
	get maxBytes(): number {
		return this.length + 6;
	}

	clear(): void {
		this.length = 0;
		this.#drop(this.#size);
	}

	add(symbol: number): void {
		if (!this.#fits(symbol)) this.#writeOne(0);
		if (this.#size < ONE_BIT_SYMBOLS) this.#pending[this.#size] = symbol;
		this.#equal &&= symbol === this.#pending[0];
		this.#large ||= symbol === LARGE_DELTA;
		this.#size++;
	}

	end(): void {
		while (this.#size > 0) this.#writeOne(ONE_BIT_SYMBOLS - this.#size);
	}

	copyTo(target: Buffer, at: number): void {
		this.#buffer.copy(target, at, 0, this.length);
	}

	#fits(symbol: number): boolean {
		if (this.#size < TWO_BIT_SYMBOLS) return true;
		if (this.#equal && symbol === this.#pending[0]) return this.#size < MAX_RUN;
		return this.#size < ONE_BIT_SYMBOLS && !this.#large && symbol !== LARGE_DELTA;
	}

	/** `missing`: symbols that may be absent from a long vector: any at the end, none before it. */
	#writeOne(missing: number): void {
		if (this.#equal) this.#write(((this.#pending[0] ?? 0) << 13) | this.#size, this.#size);
		else if (this.#size > TWO_BIT_SYMBOLS && this.#size + missing >= ONE_BIT_SYMBOLS)
			this.#writeVector(0x8000, 1, ONE_BIT_SYMBOLS);
		else this.#writeVector(0xc000, 2, TWO_BIT_SYMBOLS);
	}

	#writeVector(type: number, bits: number, capacity: number): void {
		const count = Math.min(this.#size, capacity);
		let chunk = type;
		for (let at = 0; at < count; at++) chunk |= (this.#pending[at] ?? 0) << (ONE_BIT_SYMBOLS - bits * (at + 1));
		this.#write(chunk, count);
	}

	#write(chunk: number, symbols: number): void {
		this.length = this.#buffer.writeUInt16BE(chunk, this.length);
		this.#drop(symbols);
	}

	/** The first `count` of what is pending. */
	#drop(count: number): void {
		const left = this.#size - count;
		this.#pending.copyWithin(0, count, this.#size);
		this.#size = left;
		this.#equal = true;
		this.#large = false;
		for (let at = 0; at < left; at++) {
			this.#equal &&= this.#pending[at] === this.#pending[0];
			this.#large ||= this.#pending[at] === LARGE_DELTA;
		}
	}
}

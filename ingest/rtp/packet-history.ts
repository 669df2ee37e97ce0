/** Bigger packets are not kept: a history is at most its capacity times this, whatever a publisher sends. */
const MAX_PACKET_BYTES = 2_048;

/** The last packets of a stream, to be sent again to those who lost them, and which of them came. */
export class PacketHistory {
	readonly #capacity: number;
	/** Slot `index % capacity`: the extended sequence number that came last there. */
	readonly #indexes: Float64Array;
	readonly #packets: (Buffer | undefined)[];

	/** `capacity`: packets. */
	constructor(capacity: number) {
		this.#capacity = capacity;
		this.#indexes = new Float64Array(capacity).fill(-1);
		this.#packets = Array<Buffer | undefined>(capacity).fill(undefined);
	}

	/** False when a packet of that number came before, or one so much newer that there is no telling. */
	store(index: number, packet: Buffer): boolean {
		const slot = index % this.#capacity;
		if ((this.#indexes[slot] ?? -1) >= index) return false;
		this.#indexes[slot] = index;
		this.#packets[slot] = packet.length <= MAX_PACKET_BYTES ? packet : undefined;
		return true;
	}

	get(index: number): Buffer | undefined {
		const slot = index % this.#capacity;
		return this.#indexes[slot] === index ? this.#packets[slot] : undefined;
	}
}

/** Two to five seconds of a video track. */
const CAPACITY = 512;

/** The last packets of a stream, to be sent again to those who lost them. */
export class PacketHistory {
	readonly #packets = new Array<{ index: number; packet: Buffer } | undefined>(CAPACITY);

	/** `index`: extended sequence number. */
	store(index: number, packet: Buffer): void {
		this.#packets[index % CAPACITY] = { index, packet };
	}

	get(index: number): Buffer | undefined {
		const entry = index >= 0 ? this.#packets[index % CAPACITY] : undefined;
		return entry?.index === index ? entry.packet : undefined;
	}
}

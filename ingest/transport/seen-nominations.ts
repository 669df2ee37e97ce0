/** libwebrtc nominates with every check: 20 a second at first, then one in 2.5 seconds. 8 bytes each. */
const REMEMBERED = 2048;

/** The newest nominations of a peer, by which one that was recorded and is sent again from elsewhere is told from a new one. */
export class SeenNominations {
	readonly #seen = new Float64Array(REMEMBERED).fill(-1);
	#next = 0;

	/** `key`: see `transactionKey`. False: it was there already. */
	add(key: number): boolean {
		if (this.#seen.includes(key)) return false;
		this.#seen[this.#next] = key;
		this.#next = (this.#next + 1) % REMEMBERED;
		return true;
	}
}

/** Half of a transaction id: 48 random bits (RFC 8489 section 5). */
export const transactionKey = (transactionId: Buffer): number => transactionId.readUIntBE(0, 6);

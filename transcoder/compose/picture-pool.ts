/**
 * Pictures kept for use again: all that may wait for an encoder. New ones would come at 90 MB a second when there is least
 * time to collect them.
 */
const MAX_KEPT = 18;

/** Hands out pictures that go back to it when nobody holds them, so that 40 MB a second need no garbage collection. */
export class PicturePool {
	readonly #bytes: number;
	readonly #free: PooledPicture[] = [];

	/** `bytes` of one picture. */
	constructor(bytes: number) {
		this.#bytes = bytes;
	}

	/** A copy of `bytes` (one I420 picture), held once. */
	copyOf(bytes: Uint8Array): PooledPicture {
		const picture =
			this.#free.pop() ??
			new PooledPicture(this.#bytes, (released) => {
				if (this.#free.length < MAX_KEPT) this.#free.push(released);
			});
		picture.data.set(bytes);
		picture.retain();
		return picture;
	}
}

export class PooledPicture {
	readonly data: Buffer;
	readonly #free: (picture: PooledPicture) => void;
	#holders = 0;

	constructor(bytes: number, free: (picture: PooledPicture) => void) {
		this.data = Buffer.allocUnsafeSlow(bytes);
		this.#free = free;
	}

	retain(): void {
		this.#holders++;
	}

	release(): void {
		if (--this.#holders === 0) this.#free(this);
	}
}

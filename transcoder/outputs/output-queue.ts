import { PassThrough, type Readable } from "node:stream";

/** Some eight seconds of the heaviest rung: more than that is not live any more. */
const MAX_WAITING_BYTES = 5 * 1024 * 1024;
/** Coming back to it sooner would drop again at once. */
const RESUME_BELOW_BYTES = MAX_WAITING_BYTES / 4;

/** Waits for a reader that may be slow, or never come: what does not fit is let go, up to the next keyframe that does. */
export class OutputQueue {
	readonly #stream = new PassThrough();
	readonly #events: { dropping: () => void };
	/** From the first frame on, which has to be a keyframe. */
	#dropping = true;

	/** `dropping`: the reader is too slow. */
	constructor(events: { dropping: () => void }) {
		this.#events = events;
	}

	get stream(): Readable {
		return this.#stream;
	}

	get waitingBytes(): number {
		return this.#stream.writableLength + this.#stream.readableLength;
	}

	/** Whatever happens. */
	start(header: Buffer): void {
		this.#stream.write(header);
	}

	/** `opensWith`: a decoder can begin with it. Returns whether it was let go. */
	push(bytes: Buffer, opensWith: boolean): boolean {
		if (!this.#dropping && this.waitingBytes > MAX_WAITING_BYTES) {
			this.#dropping = true;
			this.#events.dropping();
		}
		if (this.#dropping && opensWith && this.waitingBytes < RESUME_BELOW_BYTES) this.#dropping = false;
		if (!this.#dropping) this.#stream.write(bytes);
		return this.#dropping;
	}

	end(): void {
		this.#stream.end();
	}

	close(): void {
		this.#stream.destroy();
	}
}

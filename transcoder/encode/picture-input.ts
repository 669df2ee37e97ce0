import type { Socket } from "node:net";

/** A picture shared by reference: whoever keeps it past the call retains it, and releases it when done. */
export interface Picture {
	/** I420 as programmeFormat says. */
	readonly data: Buffer;
	retain(): void;
	release(): void;
}

/** Pictures of their own that may wait for ffmpeg: half a second. */
const MAX_WAITING = 15;

/**
 * Feeds pictures to ffmpeg, one for each tick. When ffmpeg falls behind, the newest waiting picture is repeated in place of
 * further ones: the count of pictures, and with it every timestamp, stays true and in step with the sound, memory is
 * bounded, and unchanged pictures are encoded many times faster than new ones, so the encoder catches up.
 */
export class PictureInput {
	readonly #socket: Socket;
	readonly #waiting: { picture: Picture; times: number }[] = [];
	#backlog = 0;
	#writing = false;
	#ending = false;

	constructor(socket: Socket) {
		this.#socket = socket;
	}

	/** Ticks that ffmpeg has yet to take. */
	get backlog(): number {
		return this.#backlog;
	}

	push(picture: Picture): void {
		const last = this.#waiting.at(-1);
		this.#backlog++;
		if (last && (last.picture === picture || this.#waiting.length >= MAX_WAITING)) last.times++;
		else {
			picture.retain();
			this.#waiting.push({ picture, times: 1 });
		}
		this.#writeNext();
	}

	/** Ends ffmpeg's input after what waits. */
	end(): void {
		this.#ending = true;
		this.#writeNext();
	}

	close(): void {
		this.#socket.destroy();
		for (const { picture } of this.#waiting.splice(0)) picture.release();
	}

	#writeNext(): void {
		if (this.#writing || this.#socket.destroyed) return;
		const next = this.#waiting[0];
		if (!next) {
			if (this.#ending) this.#socket.end();
			return;
		}
		const { picture } = next;
		// Held by this write, even when the entry is given up meanwhile: the kernel reads the bytes until the write ends.
		picture.retain();
		if (--next.times === 0) {
			this.#waiting.shift();
			picture.release();
		}
		this.#writing = true;
		this.#socket.write(picture.data, () => {
			this.#writing = false;
			this.#backlog--;
			picture.release();
			this.#writeNext();
		});
	}
}

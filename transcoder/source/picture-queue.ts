import type { Frame } from "node-av/lib";

/** Pictures that wait for their time: the presentation delay at 60 fps, and some more. */
const MAX_WAITING = 24;
/** And what they may take together: so many of 1920x1080, or six of 4K (75 MB). */
const MAX_WAITING_PIXELS = MAX_WAITING * 1920 * 1080;

export interface SourcePicture {
	frame: Frame;
	captureMs: number;
}

/** Decoded pictures of one source by capture time. It owns the frames it is given. */
export class PictureQueue {
	#shown: SourcePicture | undefined;
	readonly #waiting: SourcePicture[] = [];
	#waitingPixels = 0;

	push(picture: SourcePicture): void {
		this.#waiting.push(picture);
		this.#waitingPixels += picture.frame.width * picture.frame.height;
		while (this.#waiting.length > MAX_WAITING || this.#waitingPixels > MAX_WAITING_PIXELS) this.#showNext();
	}

	/** The newest picture captured until then, the same object while it stays the newest. Valid until the next call. */
	at(captureMs: number): SourcePicture | undefined {
		while (this.#waiting[0] && this.#waiting[0].captureMs <= captureMs) this.#showNext();
		return this.#shown;
	}

	close(): void {
		this.#shown?.frame.free();
		this.#shown = undefined;
		for (const { frame } of this.#waiting.splice(0)) frame.free();
	}

	#showNext(): void {
		this.#shown?.frame.free();
		this.#shown = this.#waiting.shift();
		if (this.#shown) this.#waitingPixels -= this.#shown.frame.width * this.#shown.frame.height;
	}
}

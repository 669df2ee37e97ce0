import { execFile } from "node:child_process";
import { close, closeSync, constants, open, openSync, rmSync, write } from "node:fs";
import { promisify } from "node:util";

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
 * bounded, and unchanged pictures are encoded in two thirds of the time that new ones take.
 *
 * It writes to a FIFO, each picture by one blocking call on a thread of libuv's. A socket takes 200 kB at a time, so that
 * each picture of 3 MB would need the event loop fifteen times over, and wait for what is composed in between.
 */
export class PictureInput {
	readonly #path: string;
	readonly #waiting: { picture: Picture; times: number }[] = [];
	/** Undefined until somebody reads, and once it is closed. */
	#fd: number | undefined;
	#opening = true;
	/** Our own, so that opening ends. */
	#reader: number | undefined;
	#writing = false;
	#ending = false;
	#closed = false;

	/** Makes a FIFO at `path`, in place of whatever is there. @throws Error when it cannot be made */
	static async create(path: string): Promise<PictureInput> {
		rmSync(path, { force: true }); // left by a process that was killed
		await promisify(execFile)("mkfifo", ["-m", "600", path]);
		return new PictureInput(path);
	}

	private constructor(path: string) {
		this.#path = path;
		open(path, constants.O_WRONLY, (error, fd) => {
			this.#opening = false;
			if (this.#reader !== undefined) closeSync(this.#reader);
			if (!error) this.#fd = fd;
			if (error || this.#closed) this.close();
			else this.#writeNext();
		});
	}

	push(picture: Picture): void {
		if (this.#closed) return;
		const last = this.#waiting.at(-1);
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

	/** What is being written ends when its reader does. Idempotent. */
	close(): void {
		this.#closed = true;
		for (const { picture } of this.#waiting.splice(0)) picture.release();
		// Opening waits for a reader, for ever if there will be none.
		if (this.#opening) this.#reader ??= openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
		if (this.#fd === undefined || this.#writing) return;
		close(this.#fd, () => {});
		this.#fd = undefined;
	}

	#writeNext(): void {
		if (this.#writing || this.#closed || this.#fd === undefined) return;
		const next = this.#waiting[0];
		if (!next) {
			if (this.#ending) this.close();
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
		this.#write(this.#fd, picture.data, (failed) => {
			this.#writing = false;
			picture.release();
			// The reader went: its exit says more.
			if (failed || this.#closed) this.close();
			else this.#writeNext();
		});
	}

	/** All of it: a signal may end a call early. */
	#write(fd: number, bytes: Buffer, done: (failed: boolean) => void): void {
		write(fd, bytes, 0, bytes.length, null, (error, written) => {
			if (error || written === bytes.length) done(error !== null);
			else this.#write(fd, bytes.subarray(written), done);
		});
	}
}

import { type FileHandle, open } from "node:fs/promises";
import { AppError } from "../../core/runtime/errors.ts";
import type { FileRange } from "./answer.ts";

/** What one reader holds in memory of a file. */
const CHUNK_BYTES = 64 * 1024;

/** Files that are being sent. Each takes a descriptor for as long as its reader takes to read. */
export class OpenFiles {
	readonly #limit: number;
	#count = 0;

	constructor(limit: number) {
		this.#limit = limit;
	}

	/** @throws AppError unavailable when too many are open, media-unknown when there is no such file any more */
	async open(range: FileRange): Promise<OpenFile> {
		if (this.#count >= this.#limit) throw new AppError("unavailable");
		this.#count++;
		try {
			return new OpenFile(await open(range.path), range, () => this.#count--);
		} catch (cause) {
			this.#count--;
			throw new AppError("media-unknown", undefined, { cause });
		}
	}
}

export class OpenFile {
	readonly #file: FileHandle;
	readonly #range: FileRange;
	readonly #onClose: () => void;

	constructor(file: FileHandle, range: FileRange, onClose: () => void) {
		this.#file = file;
		this.#range = range;
		this.#onClose = onClose;
	}

	/** The range, in pieces that are read when they are asked for. @throws Error when the file is shorter */
	async *chunks(): AsyncGenerator<Buffer> {
		const { first, length, path } = this.#range;
		for (let sent = 0; sent < length; ) {
			const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, length - sent));
			const { bytesRead } = await this.#file.read(chunk, 0, chunk.length, first + sent);
			if (bytesRead === 0) throw new Error(`${path} is shorter than it was`);
			sent += bytesRead;
			yield chunk.subarray(0, bytesRead);
		}
	}

	async close(): Promise<void> {
		this.#onClose();
		await this.#file.close();
	}
}

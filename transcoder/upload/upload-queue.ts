import { constants } from "node:fs";
import { type FileHandle, open, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";

const entrySchema = z.object({
	/** When it was added, in milliseconds since the Unix epoch. */
	at: z.number(),
	/** From the webinar's directory: `720p/segment-x-1.m4s`. */
	path: z.string(),
	/** Of the object, without what all have before it. */
	key: z.string(),
	/** Its content type. */
	type: z.string(),
});
type Entry = z.infer<typeof entrySchema>;

/** A file that is to be uploaded. */
export interface QueuedFile extends Entry {
	/** Of its line in the queue's file. */
	offset: number;
	failures: number;
	/** Not before this, in milliseconds since the Unix epoch. */
	notBeforeMs: number;
}

/** Bytes that are read at once. */
const CHUNK_BYTES = 32 * 1024;
/** More is read when fewer files than this are in memory. */
const READ_BELOW = 64;
/** Files that wait to be written to the queue: what a disk that fails costs in memory. */
const MOST_UNWRITTEN = 5_000;

/**
 * What of one webinar is to be uploaded, in order, in two files: `ID.queue`, a line of JSON for each file, which only grows,
 * and `ID.done`, up to which byte of it all was uploaded. Memory holds the next few alone, however far uploads are behind.
 * What is lost with the process is at most uploaded twice.
 */
export class UploadQueue {
	readonly webinarId: string;
	readonly #queuePath: string;
	readonly #donePath: string;
	#isLoaded = false;
	/** Of whole lines. */
	#size = 0;
	/** Up to here, lines were taken into memory. */
	#readTo = 0;
	/** Up to here, all was uploaded. */
	#doneTo = 0;
	#savedDoneTo = 0;
	/** Read and not uploaded, by offset, oldest first. */
	readonly #taken = new Map<number, QueuedFile>();
	/** Those of `#taken` that nobody uploads now. */
	readonly #waiting = new Set<QueuedFile>();
	#unwritten: Entry[] = [];
	/** Paths of the lines a life before wrote, which are told again; read when that happens. */
	#known: Set<string> | undefined;
	#pending = 0;

	constructor(dir: string, webinarId: string) {
		this.webinarId = webinarId;
		this.#queuePath = join(dir, `${webinarId}.queue`);
		this.#donePath = join(dir, `${webinarId}.done`);
	}

	/** Files that are not uploaded. */
	get pending(): number {
		return this.#pending;
	}

	/** When the oldest of them was added, as far as is known without reading. */
	get oldestAt(): number | undefined {
		const [oldest] = this.#taken.values();
		return (oldest ?? this.#unwritten[0])?.at;
	}

	/** Returns how many files had to be given up for it. */
	add(entry: Entry): number {
		this.#unwritten.push(entry);
		this.#pending++;
		if (this.#unwritten.length <= MOST_UNWRITTEN) return 0;
		this.#unwritten.shift();
		this.#pending--;
		return 1;
	}

	/** Whether `sync` has something to do. */
	get needsSync(): boolean {
		return !this.#isLoaded || this.#unwritten.length > 0 || this.#savedDoneTo < this.#doneTo || this.#canRead;
	}

	/**
	 * Writes what was added and how far uploads are, and reads what comes next. Not to be called again before it is done.
	 * @throws NodeJS.ErrnoException what can be tried again
	 */
	async sync(): Promise<void> {
		if (this.#savedDoneTo < this.#doneTo) await this.#saveDone();
		const file = await open(this.#queuePath, constants.O_RDWR | (this.#isLoaded ? 0 : constants.O_CREAT));
		try {
			if (!this.#isLoaded) await this.#load(file);
			if (this.#unwritten.length > 0) await this.#write(file);
			if (this.#canRead) await this.#read(file);
		} finally {
			await file.close();
		}
	}

	/** The next file to upload. Playlists wait until all that was added before them is uploaded. */
	take(nowMs: number): QueuedFile | undefined {
		for (const file of this.#waiting) {
			if (file.notBeforeMs > nowMs) continue;
			if (file.path.endsWith(".m3u8") && this.#taken.keys().next().value !== file.offset) continue;
			this.#waiting.delete(file);
			return file;
		}
		return undefined;
	}

	/** It was not uploaded, and is tried again after the others. */
	putBack(file: QueuedFile): void {
		this.#waiting.add(file);
	}

	/** It was uploaded, or need not be any more. */
	finish(file: QueuedFile): void {
		this.#taken.delete(file.offset);
		this.#pending--;
		const [oldest] = this.#taken.keys();
		this.#doneTo = oldest ?? this.#readTo;
	}

	get #canRead(): boolean {
		return this.#readTo < this.#size && this.#waiting.size < READ_BELOW;
	}

	async #saveDone(): Promise<void> {
		const doneTo = this.#doneTo;
		await writeFile(`${this.#donePath}.new`, `${doneTo}\n`);
		await rename(`${this.#donePath}.new`, this.#donePath);
		this.#savedDoneTo = doneTo;
	}

	/** Takes up what is in the files. A line that was being written when the process was lost is cut off. */
	async #load(file: FileHandle): Promise<void> {
		const { size: length } = await file.stat();
		const doneTo = Math.min(length, await readDoneTo(this.#donePath));
		let [size, pending] = [doneTo, 0];
		const room = Buffer.alloc(CHUNK_BYTES);
		for (let position = doneTo; position < length; ) {
			const { bytesRead } = await file.read(room, 0, room.length, position);
			if (bytesRead === 0) break;
			for (let at = room.indexOf(10); at >= 0 && at < bytesRead; at = room.indexOf(10, at + 1)) {
				pending++;
				size = position + at + 1;
			}
			position += bytesRead;
		}
		await file.truncate(size);
		this.#size = size;
		this.#doneTo = this.#savedDoneTo = this.#readTo = doneTo;
		this.#pending += pending;
		if (size === 0) this.#known = new Set();
		this.#isLoaded = true;
	}

	/** At the end of whole lines, whatever a failure left behind it. */
	async #write(file: FileHandle): Promise<void> {
		this.#known ??= await this.#readPaths();
		const known = this.#known;
		const batch = [...this.#unwritten];
		const fresh = batch.filter(({ path }) => !known.has(path));
		const bytes = Buffer.from(fresh.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
		let written = 0;
		while (written < bytes.length) {
			const { bytesWritten } = await file.write(bytes, written, bytes.length - written, this.#size + written);
			written += bytesWritten;
		}
		this.#size += bytes.length;
		const done = new Set(batch);
		this.#unwritten = this.#unwritten.filter((entry) => !done.has(entry));
		this.#pending -= batch.length - fresh.length;
	}

	async #readPaths(): Promise<Set<string>> {
		const lines = (await readFile(this.#queuePath, "utf8")).split("\n");
		return new Set(lines.flatMap((line) => parseEntry(line)?.path ?? []));
	}

	async #read(file: FileHandle): Promise<void> {
		const room = Buffer.alloc(Math.min(CHUNK_BYTES, this.#size - this.#readTo));
		const { bytesRead } = await file.read(room, 0, room.length, this.#readTo);
		let from = 0;
		for (let end = room.indexOf(10); end >= 0 && end < bytesRead; end = room.indexOf(10, from)) {
			const offset = this.#readTo + from;
			const entry = parseEntry(room.toString("utf8", from, end));
			from = end + 1;
			if (!entry) {
				this.#pending--;
				continue;
			}
			const queued = { ...entry, offset, failures: 0, notBeforeMs: 0 };
			this.#taken.set(offset, queued);
			this.#waiting.add(queued);
		}
		// A line longer than what is read at once is none of ours.
		this.#readTo += from > 0 ? from : bytesRead;
		if (this.#taken.size === 0) this.#doneTo = this.#readTo;
	}
}

/** Webinars of which something in `dir` is not uploaded yet. */
export async function unfinishedQueues(dir: string): Promise<string[]> {
	const unfinished: string[] = [];
	for (const file of await readdir(dir)) {
		if (!file.endsWith(".queue")) continue;
		const webinarId = file.slice(0, -".queue".length);
		const { size } = await stat(join(dir, file));
		if ((await readDoneTo(join(dir, `${webinarId}.done`))) < size) unfinished.push(webinarId);
	}
	return unfinished;
}

/** In bytes of the queue; 0 when nothing can be read. */
async function readDoneTo(path: string): Promise<number> {
	return Number.parseInt(await readFile(path, "utf8").catch(() => "0"), 10) || 0;
}

function parseEntry(line: string): Entry | undefined {
	try {
		return entrySchema.parse(JSON.parse(line));
	} catch {
		return undefined;
	}
}

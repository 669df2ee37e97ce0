import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Bucket } from "./bucket.ts";

/** Webinars whose objects are to go. Each has a file `ID.deleted` until they are gone, so that nothing is forgotten. */
export class ObjectDeletions {
	readonly #dir: string;
	readonly #bucket: Bucket;
	readonly #keyPrefixes: string[];
	readonly #wanted = new Set<string>();

	constructor(dir: string, bucket: Bucket, keyPrefixes: string[]) {
		this.#dir = dir;
		this.#bucket = bucket;
		this.#keyPrefixes = keyPrefixes;
	}

	/** Takes up what an earlier life left. */
	async restore(): Promise<void> {
		for (const file of await readdir(this.#dir)) {
			if (file.endsWith(".deleted")) this.#wanted.add(file.slice(0, -".deleted".length));
		}
	}

	/** Of a webinar of which nothing is uploaded any more. One of which nothing ever was is left alone. */
	async add(webinarId: string): Promise<void> {
		try {
			await rename(join(this.#dir, `${webinarId}.queue`), this.#file(webinarId));
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
			return;
		}
		await rm(join(this.#dir, `${webinarId}.done`), { force: true });
		this.#wanted.add(webinarId);
	}

	get pending(): number {
		return this.#wanted.size;
	}

	/** Deletes some objects. Returns the webinar that has none left, if there is one. */
	async step(signal: AbortSignal): Promise<string | undefined> {
		const [webinarId] = this.#wanted;
		if (webinarId === undefined) return undefined;
		for (const keyPrefix of this.#keyPrefixes) {
			const keys = await this.#bucket.list(`${keyPrefix}${webinarId}/`, signal);
			for (const key of keys) await this.#bucket.remove(key, signal);
			if (keys.length > 0) return undefined;
		}
		await rm(this.#file(webinarId), { force: true });
		this.#wanted.delete(webinarId);
		return webinarId;
	}

	#file(webinarId: string): string {
		return join(this.#dir, `${webinarId}.deleted`);
	}
}

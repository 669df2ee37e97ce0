import type { FilePiece, FinalPlaylists, TimelineEntry, TimelineStore } from "../timeline.ts";

/** Takes everything at once, as a disk that never fails would; or, told so, nothing. */
export class MemoryStore implements TimelineStore {
	readonly entries: TimelineEntry[] = [];
	readonly files = new Map<string, Buffer>();
	readonly abandoned: number[] = [];
	readonly removed: number[] = [];
	final: FinalPlaylists | undefined;
	fails = false;
	readonly #lost = new Set<number>();

	record(entry: TimelineEntry, pieces: FilePiece[]): void {
		if (this.fails && entry.type === "part") this.#lost.add(entry.msn);
		if (this.fails) return;
		this.entries.push(entry);
		for (const { rendition, name, bytes } of pieces) {
			const path = `${rendition}/${name}`;
			this.files.set(path, Buffer.concat([this.files.get(path) ?? Buffer.alloc(0), bytes]));
		}
	}

	holdsSegment(msn: number): boolean {
		return !this.#lost.has(msn);
	}

	holdsRun(): boolean {
		return true;
	}

	abandon(msn: number): void {
		this.abandoned.push(msn);
	}

	remove(msn: number): void {
		this.removed.push(msn);
	}

	end(playlists: FinalPlaylists): void {
		this.final = playlists;
	}
}

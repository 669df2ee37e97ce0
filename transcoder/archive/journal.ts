import type { PartEntry, RunEntry, StreamEntry, Timeline, TimelineEntry, TimelineSegment } from "../timeline.ts";

/** A timeline as JSON, one entry a line. */
export function journalLine(entry: TimelineEntry): Buffer {
	return Buffer.from(`${JSON.stringify(entry)}\n`);
}

interface ReadJournal {
	/** Undefined when nothing was begun. */
	timeline: Timeline | undefined;
	/** Media sequence number up to which the files were deleted. */
	removedMsn: number;
	/** The last segment was open when the life ended; it is whole now. */
	wasCut: boolean;
	/** Bytes up to the end of the last entry that makes sense. What follows was cut off while it was written. */
	length: number;
}

/** Reads what a life left, up to the first line that cannot be one. */
export function readJournal(bytes: Buffer): ReadJournal {
	const reading = new Reading();
	let length = 0;
	for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, length)) {
		try {
			reading.take(JSON.parse(bytes.toString("utf8", length, end)) as TimelineEntry);
		} catch {
			break;
		}
		length = end + 1;
	}
	const { timeline, removedMsn, wasCut } = reading;
	return { timeline, removedMsn, wasCut, length };
}

class Reading {
	#stream: StreamEntry | undefined;
	readonly #runs: RunEntry[] = [];
	readonly #segments: TimelineSegment[] = [];
	removedMsn = 0;
	/** Whether the last segment may still get parts. */
	wasCut = false;

	get timeline(): Timeline | undefined {
		return this.#stream && { stream: this.#stream, runs: this.#runs, segments: this.#segments };
	}

	/** @throws Error when the entry does not follow from those before */
	take(entry: TimelineEntry): void {
		if (entry.type === "stream") {
			if (this.#stream) throw new Error("a second stream");
			if (!Number.isFinite(entry.originMs) || !entry.renditions.every(({ name }) => /^[a-z0-9]{1,20}$/.test(name)))
				throw new Error("no stream");
			this.#stream = entry;
		} else if (!this.#stream) throw new Error("no stream yet");
		else if (entry.type === "run") this.#takeRun(entry);
		else if (entry.type === "part") this.#takePart(entry);
		else if (entry.type === "removed") this.removedMsn = Math.max(this.removedMsn, entry.msn);
		else if (entry.type === "lost") this.#segment(entry.msn).lost = true;
		else if (entry.type === "whole" && this.#segment(entry.msn) === this.#segments.at(-1)) this.wasCut = false;
		else throw new Error(`an entry of type ${entry.type}`);
	}

	#takeRun(entry: RunEntry): void {
		if (!/^[a-z0-9]{1,20}$/.test(entry.epoch) || !Array.isArray(entry.tracks)) throw new Error("no run");
		this.#runs.push(entry);
	}

	#takePart(entry: PartEntry): void {
		const [last, run] = [this.#segments.at(-1), this.#runs.at(-1)];
		if (entry.run !== run?.run || entry.media.length !== run.lengths.length) throw new Error("a part of no run");
		if (this.wasCut && last?.msn === entry.msn) {
			last.parts.push(entry);
			return;
		}
		if (entry.msn !== (last?.msn ?? 0) + 1) throw new Error(`a part of segment ${entry.msn}`);
		this.#segments.push({ msn: entry.msn, run: entry.run, lost: false, parts: [entry], bytes: undefined });
		this.wasCut = true;
	}

	#segment(msn: number): TimelineSegment {
		const segment = this.#segments[msn - 1];
		if (!segment) throw new Error(`no segment ${msn}`);
		return segment;
	}
}

import { mediaNames, type Timeline, type TimelineSegment } from "../timeline.ts";
import type { Part, Segment, SegmentMedia } from "./segment-window.ts";

interface Restored {
	segments: Segment[];
	/** Where media ends, in microseconds of media time. */
	endUs: number;
	nextPart: number;
}

/** The segments of an earlier life, those near its end with their parts. */
export function restoreSegments({ runs, segments }: Timeline): Restored {
	const names = new Map(runs.map(({ run, epoch }) => [run, { run, epoch }]));
	const restored: Segment[] = [];
	let endUs = 0;
	let nextPart = 1;
	for (const segment of segments) {
		const { msn, run, lost, parts } = segment;
		const name = names.get(run);
		if (!name) throw new Error(`segment ${msn} belongs to no known run`);
		const media = (parts[0]?.media ?? []).map((_, rendition) => restoreMedia(segment, rendition, name.epoch));
		const startsRun = restored.at(-1)?.run.run !== run;
		const durationUs = media[0]?.durationUs ?? 0;
		restored.push({ msn, run: name, startsRun, discontinuity: startsRun && msn > 1, lost, media, durationUs });
		endUs = Math.max(endUs, ...media.map(({ startUs, durationUs }) => startUs + durationUs));
		nextPart = (parts.at(-1)?.part ?? 0) + 1;
	}
	return { segments: restored, endUs, nextPart };
}

function restoreMedia({ parts, bytes }: TimelineSegment, rendition: number, epoch: string): SegmentMedia {
	const file = bytes?.[rendition];
	const startUs = parts[0]?.media[rendition]?.[0] ?? 0;
	const restored: Part[] = [];
	let durationUs = 0;
	let offset = 0;
	for (const { part, media } of parts) {
		const [, partUs, length, independent] = media[rendition] ?? [0, 0, 0, 0];
		durationUs += partUs;
		if (file) {
			restored.push({
				name: mediaNames(epoch).part(part),
				bytes: file.subarray(offset, offset + length),
				durationUs: partUs,
				independent: independent === 1,
			});
		}
		offset += length;
	}
	return { startUs, durationUs, parts: restored };
}

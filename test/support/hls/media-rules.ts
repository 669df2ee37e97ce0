import { type FragmentTrack, type InitTrack, readFragments, readInit } from "../mp4-reader.ts";
import type { Findings } from "./finding.ts";
import type { PlaylistSegment } from "./parse-playlist.ts";

/** A whole segment with everything that was fetched of it. */
export interface FetchedSegment {
	segment: PlaylistSegment;
	init: Buffer;
	bytes: Buffer;
	/** Of its parts, in order; empty when they were not listed when it was first seen. */
	parts: Buffer[];
}

/** One frame at 30 frames a second, and a little for rounding. */
const VIDEO_FRAME_SECONDS = 0.034;
const DATE_ROUNDING_MS = 1.01;

/** What the media of one rendition must be; `segments` in order, without holes. */
export function checkMedia(name: string, segments: FetchedSegment[], findings: Findings): void {
	const judge = new MediaJudge(name, findings);
	for (const segment of segments) judge.add(segment);
}

/** The same, segment by segment. */
export class MediaJudge {
	readonly #name: string;
	readonly #findings: Findings;
	/** Where each track must go on, in ticks. */
	readonly #expected = new Map<number, number>();
	#clock: { offsetMs: number; drift: number } | undefined;

	constructor(name: string, findings: Findings) {
		this.#name = name;
		this.#findings = findings;
	}

	/** The segment after the one before, or after `miss`. */
	add(fetched: FetchedSegment): void {
		const { segment, init, bytes, parts } = fetched;
		const findings = this.#findings;
		const where = `${this.#name} segment ${segment.msn}`;
		try {
			const tracks = checkInit(where, init, findings);
			const fragments = readFragments(bytes);
			if (segment.discontinuity) this.miss();
			checkTimes(where, fragments, this.#expected, findings);
			checkKeyframes(where, fetched, tracks, findings);
			this.#clock = checkClock(where, segment, tracks, fragments, this.#clock, findings);
		} catch (error) {
			findings.add(35, `${where}: ${(error as Error).message}`);
		}
		const complete = parts.length === segment.parts.length;
		const whole = parts.length === 0 || !complete || Buffer.concat(parts).equals(bytes);
		findings.expect(whole, 12, `${where}: its parts together are not its bytes`);
	}

	/** What follows need not continue what came before. */
	miss(): void {
		this.#expected.clear();
		this.#clock = undefined;
	}
}

function checkInit(where: string, init: Buffer, findings: Findings): InitTrack[] {
	const { brands, fragmented, tracks } = readInit(init);
	findings.expect(
		brands.some((brand) => /^(iso[6-9]|cmf)/.test(brand)),
		35,
		`${where}: brands ${brands}`,
	);
	findings.expect(fragmented, 35, `${where}: no mvex for every track`);
	return tracks;
}

function checkTimes(
	where: string,
	fragments: FragmentTrack[][],
	expected: Map<number, number>,
	findings: Findings,
): void {
	for (const { trackId, decodeTime, defaultBaseIsMoof, samples } of fragments.flat()) {
		findings.expect(defaultBaseIsMoof, 35, `${where}: track ${trackId} is not addressed from its moof`);
		if (decodeTime === undefined) {
			findings.add(35, `${where}: track ${trackId} has no tfdt`);
			continue;
		}
		const due = expected.get(trackId) ?? decodeTime;
		findings.expect(decodeTime === due, 36, `${where}: track ${trackId} goes on at ${decodeTime}, not ${due}`);
		expected.set(trackId, decodeTime + samples.reduce((sum, { duration }) => sum + duration, 0));
	}
}

function checkKeyframes(
	where: string,
	{ segment, parts, bytes }: FetchedSegment,
	tracks: InitTrack[],
	findings: Findings,
): void {
	const video = tracks.find(({ handler }) => handler === "vide")?.trackId;
	if (video === undefined) return;
	const samplesOf = (media: Buffer) =>
		readFragments(media).flatMap((fragment) =>
			fragment.filter(({ trackId }) => trackId === video).flatMap(({ samples }) => samples),
		);
	findings.expect(samplesOf(bytes)[0]?.sync === true, 14, `${where}: does not begin with an IDR`);
	const listed = segment.parts.filter(({ gap }) => !gap);
	for (const [index, part] of parts.entries()) {
		const at = samplesOf(part).findIndex(({ sync }) => sync);
		const independent = listed[index]?.independent === true;
		findings.expect(independent === at >= 0, 13, `${where} part ${index}: INDEPENDENT ${independent}, IDR at ${at}`);
		findings.expect(at <= 0, 13, `${where} part ${index}: its IDR is sample ${at}`);
	}
}

/** EXTINF and dates against the media's own times. */
function checkClock(
	where: string,
	segment: PlaylistSegment,
	tracks: InitTrack[],
	fragments: FragmentTrack[][],
	clock: { offsetMs: number; drift: number } | undefined,
	findings: Findings,
): { offsetMs: number; drift: number } | undefined {
	const lead = tracks.find(({ handler }) => handler === "vide") ?? tracks[0];
	const own = fragments.flat().filter(({ trackId }) => trackId === lead?.trackId);
	if (!lead || own[0]?.decodeTime === undefined) return clock;
	const ticks = own.flatMap(({ samples }) => samples).reduce((sum, { duration }) => sum + duration, 0);
	const drift = (clock?.drift ?? 0) + segment.duration - ticks / lead.timescale;
	findings.expect(Math.abs(drift) <= VIDEO_FRAME_SECONDS, 37, `${where}: EXTINF is off by ${drift.toFixed(4)} s`);
	const offsetMs = (segment.dateMs ?? Number.NaN) - (own[0].decodeTime / lead.timescale) * 1000;
	if (Number.isNaN(offsetMs)) return clock && { ...clock, drift };
	const steady = clock === undefined || Math.abs(offsetMs - clock.offsetMs) <= DATE_ROUNDING_MS;
	findings.expect(
		steady,
		38,
		`${where}: date and decode time moved ${(offsetMs - (clock?.offsetMs ?? 0)).toFixed(1)} ms apart`,
	);
	return { offsetMs: clock?.offsetMs ?? offsetMs, drift };
}

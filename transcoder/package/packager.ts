import type { CodedFrame, Run } from "../coded-frames.ts";
import type { NamedMedia, Position, Publication } from "../publication.ts";
import {
	type FilePiece,
	mediaNames,
	type PartMedia,
	type RunName,
	type Timeline,
	type TimelineSegment,
	type TimelineStore,
} from "../timeline.ts";
import { MediaPlaylist, TARGET_DURATION } from "./media-playlist.ts";
import { multivariantPlaylist } from "./multivariant-playlist.ts";
import { type Cut, PartCutter, partFrames, segmentFrames } from "./part-cutter.ts";
import { type Rendition, renditionsOf } from "./rendition.ts";
import { restoreSegments } from "./restore-segments.ts";
import { firstPictureUs, RunMuxer } from "./run-muxer.ts";
import { type Segment, SegmentWindow } from "./segment-window.ts";

interface PackagerOptions {
	/** Differs from that of every packager before for the same webinar; safe in a file name. Is in every media name. */
	epoch: string;
	/** Of a stream that begins: seconds of whole segments its playlists list; null: all there ever were. */
	windowSeconds: number | null;
	/** What an earlier life left: the stream goes on where it was cut off. */
	timeline: Timeline | undefined;
	store: TimelineStore;
	/** Called for every part, with all renditions at once. */
	publish: (publication: Publication) => void;
}

interface CurrentRun {
	config: Run;
	cutter: PartCutter;
	/** From its first part on: until then nobody knows of the run. */
	muxer?: RunMuxer;
}

interface Output {
	rendition: Rendition;
	playlist: MediaPlaylist;
	/** Bits per second of the heaviest whole segment so far. */
	peakBitrate: number;
	/** Since the last publication. */
	added: NamedMedia[];
	expired: string[];
}

/** Over less than this the mean says nothing of the bitrate a player must sustain (rfc8216bis, BANDWIDTH). */
const SHORTEST_MEASURED_US = (TARGET_DURATION / 2) * 1e6;

/**
 * Makes low-latency HLS of coded frames. It outlives encoders, and with what its store kept, servers: a new run is a
 * discontinuity, and media sequence numbers, decode times and programme date-times only go forward. Media time is
 * wall-clock time since the first run's pts 0.
 */
export class Packager {
	readonly #epoch: string;
	readonly #publish: (publication: Publication) => void;
	readonly #store: TimelineStore;
	readonly #window: SegmentWindow;
	readonly #windowSeconds: number | null;
	/** By rendition; empty until the first part. */
	#outputs: Output[] = [];
	#frameRate = 0;
	#originMs = 0;
	/** Where published media ends, in microseconds of media time. */
	#endUs = 0;
	#runName: RunName = { run: 0, epoch: "" };
	#nextMsn = 1;
	#nextPart = 1;
	#newest = { msn: 0, part: 0 };
	#open: Segment | undefined;
	#run: CurrentRun | undefined;
	#ended = false;

	constructor({ epoch, windowSeconds, timeline, store, publish }: PackagerOptions) {
		this.#epoch = epoch;
		this.#publish = publish;
		this.#store = store;
		this.#windowSeconds = timeline ? timeline.stream.windowSeconds : windowSeconds;
		this.#window = new SegmentWindow({
			windowUs: (this.#windowSeconds ?? Number.POSITIVE_INFINITY) * 1e6,
			isStored: ({ msn }) => store.holdsSegment(msn),
		});
		if (timeline) this.#resume(timeline);
	}

	/**
	 * Ends the run before, if there is one.
	 * @throws Error when the run cannot be packaged, or has other renditions than those before
	 */
	startRun(config: Run): void {
		this.endRun();
		const cutter = new PartCutter(config);
		const shape = (renditions: Rendition[], frameRate: number) =>
			`${renditions.map(({ name }) => name).join(", ")} at ${frameRate} frames/s`;
		const offered = shape(renditionsOf(config), cutter.frameRate);
		const published = shape(this.#renditions, this.#frameRate);
		if (this.#runName.run > 0 && offered !== published)
			throw new Error(`a run has ${offered}, but ${published} is published`);
		this.#run = { config, cutter };
	}

	/**
	 * Returns whether a part was published.
	 * @throws Error when the frame breaks what a run promises (see PartCutter): the run can only be ended after it
	 */
	add(frame: CodedFrame): boolean {
		if (!this.#run) throw new Error("a frame came before its run");
		this.#run.cutter.add(frame);
		const before = this.#nextPart;
		for (let cut = this.#run.cutter.next(); cut; cut = this.#run.cutter.next()) this.#addPart(this.#run, cut);
		return this.#nextPart > before;
	}

	/** Publishes what the run still has as a short part, and closes the open segment. Another run may follow. */
	endRun(): void {
		const run = this.#run;
		this.#run = undefined;
		const cut = run?.cutter.flush();
		if (run && cut) {
			this.#addPart(run, cut);
		} else if (this.#open) {
			this.#closeSegment(this.#open);
			this.#publishChanges();
		}
	}

	/** Ends the programme: every playlist gets its ENDLIST. Idempotent. Publishes nothing when nothing ever was. */
	end(): void {
		if (this.#ended) return;
		this.endRun();
		this.#ended = true;
		if (this.#nextMsn === 1) return;
		this.#store.end(this.#publishChanges());
	}

	get #renditions(): Rendition[] {
		return this.#outputs.map(({ rendition }) => rendition);
	}

	/** What is listed can be fetched at once; parts near the end from memory, as before. */
	#resume(timeline: Timeline): void {
		const { stream, runs } = timeline;
		this.#originMs = stream.originMs;
		this.#frameRate = stream.frameRate;
		const run = runs.at(-1);
		if (!run) return;
		this.#runName = run;
		this.#setRenditions(renditionsOf({ run: run.run, startsAtMs: 0, tracks: run.tracks }));
		const { segments, endUs, nextPart } = restoreSegments(timeline);
		this.#endUs = endUs;
		this.#nextPart = nextPart;
		for (const segment of segments) {
			this.#window.append(segment);
			while (this.#window.trim()); // as far as the life before had come
			for (const [index, output] of this.#outputs.entries()) output.added.push(...namedMedia(segment, index));
		}
		for (const [index, output] of this.#outputs.entries()) output.peakBitrate = peakBitrate(timeline.segments, index);
		const last = segments.at(-1);
		if (!last) return;
		this.#nextMsn = last.msn + 1;
		this.#newest = { msn: last.msn, part: (timeline.segments.at(-1)?.parts.length ?? 1) - 1 };
		this.#publishChanges();
		for (const segment of segments) if (segment.media[0]?.parts.length === 0) segment.media = [];
	}

	#addPart(run: CurrentRun, cut: Cut): void {
		const startsRun = !run.muxer;
		run.muxer ??= this.#beginRun(run, cut);
		const part = this.#nextPart++;
		const names = mediaNames(this.#epoch);
		const name = names.part(part);
		this.#open ??= this.#openSegment(startsRun);
		const open = this.#open;
		const pieces: FilePiece[] = [];
		const written: PartMedia[] = [];
		for (const [index, { rendition, added }] of this.#outputs.entries()) {
			const { startUs, ...made } = run.muxer.part(rendition, cut, part, name);
			open.media[index] ??= { startUs, durationUs: 0, parts: [] };
			open.media[index].parts.push(made);
			open.media[index].durationUs += made.durationUs;
			this.#newest = { msn: open.msn, part: open.media[index].parts.length - 1 };
			this.#endUs = Math.max(this.#endUs, startUs + made.durationUs);
			added.push({ name, chunks: [made.bytes] });
			pieces.push({ rendition: rendition.name, name: names.segment(open.msn), bytes: made.bytes });
			written.push([startUs, made.durationUs, made.bytes.length, made.independent ? 1 : 0]);
		}
		open.durationUs = open.media[0]?.durationUs ?? 0;
		this.#store.record({ type: "part", msn: open.msn, run: this.#runName.run, part, media: written }, pieces);
		if (cut.endsSegment) this.#closeSegment(open);
		this.#publishChanges();
	}

	#beginRun({ config, cutter }: CurrentRun, cut: Cut): RunMuxer {
		const startsAtMs = Math.round(config.startsAtMs);
		if (this.#runName.run === 0) {
			this.#originMs = startsAtMs;
			this.#frameRate = cutter.frameRate;
		}
		this.#setRenditions(renditionsOf(config));
		if (this.#runName.run === 0) this.#recordStream();
		this.#runName = { run: this.#runName.run + 1, epoch: this.#epoch };
		const earliestMs = Math.ceil((this.#endUs - firstPictureUs(config, cut)) / 1000);
		const muxer = new RunMuxer(Math.max(startsAtMs - this.#originMs, earliestMs));
		const name = mediaNames(this.#epoch).init(this.#runName.run);
		const pieces = this.#outputs.map(({ rendition, added }) => {
			const bytes = muxer.init(rendition);
			added.push({ name, chunks: [bytes] });
			return { rendition: rendition.name, name, bytes };
		});
		const lengths = pieces.map(({ bytes }) => bytes.length);
		this.#store.record({ type: "run", ...this.#runName, tracks: config.tracks, lengths }, pieces);
		return muxer;
	}

	#recordStream(): void {
		const [originMs, frameRate, windowSeconds] = [this.#originMs, this.#frameRate, this.#windowSeconds];
		const renditions = this.#renditions.map(({ name, contentType }) => ({ name, contentType }));
		this.#store.record({ type: "stream", originMs, frameRate, renditions, windowSeconds }, []);
	}

	/** Names and part targets never change, see `startRun`; codecs and bitrates may. */
	#setRenditions(renditions: Rendition[]): void {
		const names = renditions.map(({ name }) => name);
		const maxPartTargetUs = Math.max(...renditions.map(({ partTargetUs }) => partTargetUs));
		this.#outputs = renditions.map((rendition, index) => ({
			peakBitrate: 0,
			added: [],
			expired: [],
			playlist: new MediaPlaylist({
				rendition: index,
				partTargetUs: rendition.partTargetUs,
				maxPartTargetUs,
				originMs: this.#originMs,
				windowSeconds: this.#windowSeconds,
				others: names.filter((other) => other !== rendition.name),
			}),
			...this.#outputs[index],
			rendition,
		}));
	}

	#openSegment(startsRun: boolean): Segment {
		const msn = this.#nextMsn++;
		const discontinuity = startsRun && msn > 1;
		return { msn, run: this.#runName, startsRun, discontinuity, lost: false, media: [], durationUs: 0 };
	}

	#closeSegment(segment: Segment): void {
		this.#open = undefined;
		this.#store.record({ type: "whole", msn: segment.msn }, []);
		for (const [index, output] of this.#outputs.entries()) {
			const [whole] = namedMedia(segment, index);
			const durationUs = segment.media[index]?.durationUs ?? 0;
			if (!whole) continue;
			output.added.push(whole);
			const length = whole.chunks.reduce((sum, { length }) => sum + length, 0);
			output.peakBitrate = Math.max(output.peakBitrate, measuredBitrate(length, durationUs));
		}
		for (const old of this.#window.append(segment)) this.#forget(old);
	}

	/** Lets go of the bytes: the disk has them, or nobody will. */
	#forget(segment: Segment): void {
		for (const [index, { expired }] of this.#outputs.entries())
			expired.push(...namedMedia(segment, index).map(({ name }) => name));
		segment.media = [];
		if (!this.#store.holdsSegment(segment.msn)) {
			this.#store.abandon(segment.msn);
			for (const { playlist } of this.#outputs) playlist.lose(segment.msn);
		}
		const { run, epoch } = segment.run;
		if (this.#window.holdsRun(run) || run === this.#runName.run || !this.#store.holdsRun(run)) return;
		for (const { expired } of this.#outputs) expired.push(mediaNames(epoch).init(run));
	}

	#publishChanges(): Publication {
		this.#window.trim();
		for (const { msn } of this.#window.takeOverdue()) this.#store.remove(msn);
		const outputs = this.#outputs;
		const hint = this.#ended ? null : mediaNames(this.#epoch).part(this.#nextPart);
		const listing = {
			discontinuitySequence: this.#window.discontinuitySequence,
			segments: this.#window.listed,
			open: this.#open,
			hint,
			newest: this.#newest,
		};
		const publication: Publication = {
			multivariant: multivariantPlaylist(outputs),
			position: this.#position(),
			renditions: outputs.map(({ rendition: { name, contentType }, playlist, added, expired }) => ({
				name,
				contentType,
				...playlist.texts(listing),
				hint,
				added,
				expired,
			})),
			ended: this.#ended,
		};
		for (const output of outputs) {
			output.added = [];
			output.expired = [];
		}
		this.#publish(publication);
		return publication;
	}

	#position(): Position {
		const last = this.#window.listed.at(-1);
		const isNewest = last?.msn === this.#newest.msn;
		return {
			lastMsn: last?.msn ?? 0,
			lastMsnParts: last?.media[0]?.parts.length || (isNewest ? this.#newest.part + 1 : 0),
			openParts: this.#open?.media[0]?.parts.length ?? 0,
			partsPerSegment: Math.ceil(segmentFrames(this.#frameRate) / partFrames(this.#frameRate)),
			targetDuration: TARGET_DURATION,
		};
	}
}

/** The whole segment, then its parts; nothing when its bytes are not in memory. */
function namedMedia({ run, msn, media }: Segment, rendition: number): NamedMedia[] {
	const parts = media[rendition]?.parts ?? [];
	if (parts.length === 0) return [];
	const whole = { name: mediaNames(run.epoch).segment(msn), chunks: parts.map(({ bytes }) => bytes) };
	return [whole, ...parts.map(({ name, bytes }) => ({ name, chunks: [bytes] }))];
}

/** Bits per second of the heaviest segment. */
function peakBitrate(segments: TimelineSegment[], rendition: number): number {
	return segments.reduce((peak, { parts }) => {
		const sum = (index: 1 | 2) => parts.reduce((total, { media }) => total + (media[rendition]?.[index] ?? 0), 0);
		return Math.max(peak, measuredBitrate(sum(2), sum(1)));
	}, 0);
}

/** Of what is too short to tell: 0. */
function measuredBitrate(bytes: number, durationUs: number): number {
	return durationUs < SHORTEST_MEASURED_US ? 0 : (8e6 * bytes) / durationUs;
}

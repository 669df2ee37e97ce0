import type { CodedFrame, Run } from "../coded-frames.ts";
import type { Position, Publication } from "../publication.ts";
import { mediaNames, type RunName, type Timeline, type TimelineSegment, type TimelineStore } from "../timeline.ts";
import { MediaPlaylist, TARGET_DURATION } from "./media-playlist.ts";
import { multivariantPlaylist } from "./multivariant-playlist.ts";
import { type Cut, PartCutter, partFrames, segmentFrames } from "./part-cutter.ts";
import { type Rendition, renditionsOf } from "./rendition.ts";
import { RenditionOutput } from "./rendition-output.ts";
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
	readonly #outputs: RenditionOutput[] = [];
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
		for (const [index, segment] of segments.entries()) {
			const left = timeline.segments[index] as TimelineSegment;
			this.#window.append(segment);
			while (this.#window.trim()); // as far as the life before had come
			for (const output of this.#outputs) output.restore(segment, left);
			this.#newest = { msn: segment.msn, part: left.parts.length - 1 };
			this.#nextMsn = segment.msn + 1;
		}
		if (segments.length > 0) this.#publishChanges();
		for (const segment of segments) if (segment.media[0]?.parts.length === 0) segment.media = [];
	}

	#addPart(run: CurrentRun, cut: Cut): void {
		const startsRun = !run.muxer;
		run.muxer ??= this.#beginRun(run, cut);
		const { muxer } = run;
		const part = this.#nextPart++;
		this.#open ??= this.#openSegment(startsRun);
		const open = this.#open;
		const made = this.#outputs.map((output) => output.addPart(muxer, cut, part, open));
		this.#newest = { msn: open.msn, part: (open.media[0]?.parts.length ?? 0) - 1 };
		this.#endUs = Math.max(this.#endUs, ...open.media.map(({ startUs, durationUs }) => startUs + durationUs));
		open.durationUs = open.media[0]?.durationUs ?? 0;
		const media = made.map(({ entry }) => entry);
		this.#store.record(
			{ type: "part", msn: open.msn, run: this.#runName.run, part, media },
			made.map(({ piece }) => piece),
		);
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
		const pieces = this.#outputs.map((output) => output.addInit(muxer, this.#runName));
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
		for (const [index, rendition] of renditions.entries()) {
			const known = this.#outputs[index];
			if (known) known.rendition = rendition;
			else {
				const playlist = new MediaPlaylist({
					rendition: index,
					partTargetUs: rendition.partTargetUs,
					maxPartTargetUs,
					originMs: this.#originMs,
					windowSeconds: this.#windowSeconds,
					others: names.filter((other) => other !== rendition.name),
				});
				this.#outputs.push(new RenditionOutput(rendition, index, playlist));
			}
		}
	}

	#openSegment(startsRun: boolean): Segment {
		const msn = this.#nextMsn++;
		const discontinuity = startsRun && msn > 1;
		return { msn, run: this.#runName, startsRun, discontinuity, lost: false, media: [], durationUs: 0 };
	}

	#closeSegment(segment: Segment): void {
		this.#open = undefined;
		this.#store.record({ type: "whole", msn: segment.msn }, []);
		for (const output of this.#outputs) output.close(segment);
		for (const old of this.#window.append(segment)) this.#forget(old);
	}

	/** Lets go of the bytes: the disk has them, or nobody will. */
	#forget(segment: Segment): void {
		for (const output of this.#outputs) output.forget(segment);
		segment.media = [];
		if (!this.#store.holdsSegment(segment.msn)) {
			this.#store.abandon(segment.msn);
			for (const output of this.#outputs) output.lose(segment.msn);
		}
		const { run } = segment.run;
		if (this.#window.holdsRun(run) || run === this.#runName.run || !this.#store.holdsRun(run)) return;
		for (const output of this.#outputs) output.forgetRun(segment.run);
	}

	#publishChanges(): Publication {
		this.#window.trim();
		for (const { msn } of this.#window.takeOverdue()) this.#store.remove(msn);
		const hint = this.#ended ? null : mediaNames(this.#epoch).part(this.#nextPart);
		const listing = {
			discontinuitySequence: this.#window.discontinuitySequence,
			segments: this.#window.listed,
			open: this.#open,
			hint,
			newest: this.#newest,
		};
		const publication: Publication = {
			multivariant: multivariantPlaylist(this.#outputs),
			position: this.#position(),
			renditions: this.#outputs.map((output) => output.publication(listing)),
			ended: this.#ended,
		};
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

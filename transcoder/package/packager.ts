import type { CodedFrame, Run } from "../coded-frames.ts";
import type { NamedMedia, Position, Publication } from "../publication.ts";
import { mediaPlaylist, TARGET_DURATION } from "./media-playlist.ts";
import { multivariantPlaylist } from "./multivariant-playlist.ts";
import { type Cut, PartCutter, partFrames, segmentFrames } from "./part-cutter.ts";
import { type Rendition, renditionsOf } from "./rendition.ts";
import { firstPictureUs, RunMuxer } from "./run-muxer.ts";
import { type MediaNames, mediaNames, type Segment, SegmentWindow } from "./segment-window.ts";

interface PackagerOptions {
	/** Differs from that of every packager before for the same webinar; safe in a file name. Is in every media name. */
	epoch: string;
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
	/** Bits per second of the heaviest whole segment so far. */
	peakBitrate: number;
	/** Since the last publication. */
	added: NamedMedia[];
	expired: string[];
}

/** Over less than this the mean says nothing of the bitrate a player must sustain (rfc8216bis, BANDWIDTH). */
const SHORTEST_MEASURED_US = (TARGET_DURATION / 2) * 1e6;

/**
 * Makes low-latency HLS of coded frames. It outlives encoders: a new run is a discontinuity, and media sequence numbers,
 * decode times and programme date-times only go forward. Media time is wall-clock time since the first run's pts 0.
 */
export class Packager {
	readonly #names: MediaNames;
	readonly #publish: (publication: Publication) => void;
	readonly #window = new SegmentWindow();
	/** By rendition; empty until the first part. */
	#outputs: Output[] = [];
	#frameRate = 0;
	#originMs = 0;
	/** Where published media ends, in microseconds of media time. */
	#endUs = 0;
	#runNumber = 0;
	#nextMsn = 1;
	#nextPart = 1;
	#newest = { msn: 0, part: 0 };
	#open: Segment | undefined;
	#run: CurrentRun | undefined;
	#ended = false;

	constructor({ epoch, publish }: PackagerOptions) {
		this.#names = mediaNames(epoch);
		this.#publish = publish;
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
		if (this.#runNumber > 0 && offered !== published)
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
		if (this.#runNumber > 0) this.#publishChanges();
	}

	get #renditions(): Rendition[] {
		return this.#outputs.map(({ rendition }) => rendition);
	}

	#addPart(run: CurrentRun, cut: Cut): void {
		const startsRun = !run.muxer;
		run.muxer ??= this.#beginRun(run, cut);
		const partNumber = this.#nextPart++;
		const name = this.#names.part(partNumber);
		this.#open ??= this.#openSegment(startsRun);
		const open = this.#open;
		for (const [index, { rendition, added }] of this.#outputs.entries()) {
			const { startUs, ...part } = run.muxer.part(rendition, cut, partNumber, name);
			open.media[index] ??= { name: this.#names.segment(open.msn), startUs, durationUs: 0, parts: [] };
			open.media[index].parts.push(part);
			open.media[index].durationUs += part.durationUs;
			this.#newest = { msn: open.msn, part: open.media[index].parts.length - 1 };
			this.#endUs = Math.max(this.#endUs, startUs + part.durationUs);
			added.push({ name, chunks: [part.bytes] });
		}
		if (cut.endsSegment) this.#closeSegment(open);
		this.#publishChanges();
	}

	#beginRun({ config, cutter }: CurrentRun, cut: Cut): RunMuxer {
		const startsAtMs = Math.round(config.startsAtMs);
		if (this.#runNumber === 0) {
			this.#originMs = startsAtMs;
			this.#frameRate = cutter.frameRate;
		}
		const renditions = renditionsOf(config);
		this.#outputs = renditions.map((rendition, index) => ({
			peakBitrate: 0,
			added: [],
			expired: [],
			...this.#outputs[index],
			rendition,
		}));
		this.#runNumber++;
		const earliestMs = Math.ceil((this.#endUs - firstPictureUs(config, cut)) / 1000);
		const muxer = new RunMuxer(Math.max(startsAtMs - this.#originMs, earliestMs));
		const name = this.#names.init(this.#runNumber);
		for (const { rendition, added } of this.#outputs) added.push({ name, chunks: [muxer.init(rendition)] });
		return muxer;
	}

	#openSegment(startsRun: boolean): Segment {
		const discontinuity = startsRun && this.#runNumber > 1;
		return { msn: this.#nextMsn++, runNumber: this.#runNumber, discontinuity, media: [] };
	}

	#closeSegment(segment: Segment): void {
		this.#open = undefined;
		const expired = this.#window.append(segment);
		const oldRuns = new Set(expired.map(({ runNumber }) => runNumber));
		const expiredInits = [...oldRuns].filter((run) => !this.#window.holdsRun(run)).map(this.#names.init);
		for (const [index, output] of this.#outputs.entries()) {
			const media = segment.media[index];
			if (!media) continue;
			const chunks = media.parts.map(({ bytes }) => bytes);
			output.added.push({ name: media.name, chunks });
			const bits = 8 * chunks.reduce((sum, { length }) => sum + length, 0);
			if (media.durationUs >= SHORTEST_MEASURED_US) {
				output.peakBitrate = Math.max(output.peakBitrate, (bits * 1e6) / media.durationUs);
			}
			for (const { media } of expired) {
				const gone = media[index];
				if (gone) output.expired.push(gone.name, ...gone.parts.map(({ name }) => name));
			}
			output.expired.push(...expiredInits);
		}
	}

	#publishChanges(): void {
		const outputs = this.#outputs;
		const hint = this.#ended ? null : this.#names.part(this.#nextPart);
		const maxPartTargetUs = Math.max(...this.#renditions.map(({ partTargetUs }) => partTargetUs));
		const publication: Publication = {
			multivariant: multivariantPlaylist(outputs),
			position: this.#position(),
			renditions: outputs.map(({ rendition: { name, contentType, partTargetUs }, added, expired }, rendition) => ({
				name,
				contentType,
				playlist: mediaPlaylist({
					rendition,
					partTargetUs,
					maxPartTargetUs,
					discontinuitySequence: this.#window.discontinuitySequence,
					originMs: this.#originMs,
					segments: this.#window.listed,
					open: this.#open,
					initName: this.#names.init,
					hint,
					others: this.#renditions.map((other) => other.name).filter((other) => other !== name),
					newest: this.#newest,
				}),
				delta: null,
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
	}

	#position(): Position {
		const last = this.#window.listed.at(-1);
		return {
			lastMsn: last?.msn ?? 0,
			lastMsnParts: last?.media[0]?.parts.length ?? 0,
			openParts: this.#open?.media[0]?.parts.length ?? 0,
			partsPerSegment: Math.ceil(segmentFrames(this.#frameRate) / partFrames(this.#frameRate)),
			targetDuration: TARGET_DURATION,
		};
	}
}

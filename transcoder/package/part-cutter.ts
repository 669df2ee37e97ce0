import type { AudioTrackConfig, CodedFrame, Run, TrackConfig } from "../coded-frames.ts";

/** Seconds of a part and of a segment, rounded to whole frames. Segments begin with an IDR. */
const PART_SECONDS = 1 / 3;
export const SEGMENT_SECONDS = 2;

const AUDIO_FRAME_SAMPLES = 1024;
/**
 * Audio reaches this far past the end of a part's video, or further: where it ended with the video or before it, hls.js
 * may take the segment's end for a hole and stop.
 */
const AUDIO_OVERLAP_SECONDS = 0.001;
/** A track that is this far behind the others will not catch up. */
const MAX_LAG_SECONDS = 10;

/** One part's worth of every track. */
export interface Cut {
	/** By track. */
	frames: CodedFrame[][];
	endsSegment: boolean;
}

export function partFrames(frameRate: number): number {
	return Math.round(frameRate * PART_SECONDS);
}

export function segmentFrames(frameRate: number): number {
	return frameRate * SEGMENT_SECONDS;
}

/** Cuts one run into parts by counting frames. A part is there as soon as every track has its share of it. */
export class PartCutter {
	readonly #tracks: TrackConfig[];
	readonly #queues: CodedFrame[][];
	/** Pts of each track's next frame. */
	readonly #expected: (number | undefined)[];
	/** Of every video track. */
	readonly frameRate: number;
	readonly #audioTrack: number;
	#firstVideoPts: number | undefined;
	/** Video frames cut so far. */
	#cutFrames = 0;

	/** @throws Error when the tracks are not video rungs of one frame rate and one audio track after them */
	constructor({ tracks }: Run) {
		const rates = new Set(tracks.flatMap((track) => (track.kind === "video" ? [track.frameRate] : [])));
		const [frameRate] = rates;
		this.#audioTrack = tracks.findIndex((track) => track.kind === "audio");
		if (frameRate === undefined || rates.size > 1 || this.#audioTrack !== tracks.length - 1) {
			throw new Error("a run needs video tracks of one frame rate, and then one audio track");
		}
		this.frameRate = frameRate;
		this.#tracks = tracks;
		this.#queues = tracks.map(() => []);
		this.#expected = tracks.map(() => undefined);
	}

	/** @throws Error when the frame breaks what a run promises; the run is of no use after it. */
	add(frame: CodedFrame): void {
		const track = this.#tracks[frame.track];
		const queue = this.#queues[frame.track];
		if (!track || !queue) throw new Error(`frame of unknown track ${frame.track}`);
		const expected = this.#expected[frame.track];
		if (expected !== undefined && frame.pts !== expected) {
			throw new Error(`track ${frame.track} jumped from pts ${expected} to ${frame.pts}`);
		}
		if (track.kind === "video") this.#checkKeyframe(frame);
		this.#expected[frame.track] = frame.pts + (track.kind === "video" ? 1 : AUDIO_FRAME_SAMPLES);
		queue.push(frame);
		const framesPerSecond = track.kind === "video" ? track.frameRate : track.sampleRate / AUDIO_FRAME_SAMPLES;
		if (queue.length > MAX_LAG_SECONDS * framesPerSecond) {
			throw new Error(`track ${frame.track} is ${MAX_LAG_SECONDS} s ahead of another`);
		}
	}

	/** The next part, once it is whole. */
	next(): Cut | undefined {
		const frames = partFrames(this.frameRate);
		const leftInSegment = this.#segmentFrames - (this.#cutFrames % this.#segmentFrames);
		return this.#cut(Math.min(frames, leftInSegment));
	}

	/** The last, short part: what all tracks have. Call when `next` has nothing more. */
	flush(): Cut | undefined {
		for (let frames = partFrames(this.frameRate) - 1; frames > 0; frames--) {
			const cut = this.#cut(frames);
			if (cut) return { ...cut, endsSegment: true };
		}
		return undefined;
	}

	get #segmentFrames(): number {
		return segmentFrames(this.frameRate);
	}

	#checkKeyframe({ track, pts, keyframe }: CodedFrame): void {
		this.#firstVideoPts ??= pts;
		const index = pts - this.#firstVideoPts;
		if (this.#expected[track] === undefined && index !== 0)
			throw new Error(`track ${track} does not start with the others`);
		if (index % this.#segmentFrames === 0 && !keyframe) throw new Error(`track ${track} has no IDR at pts ${pts}`);
	}

	#cut(frames: number): Cut | undefined {
		if (this.#firstVideoPts === undefined) return undefined;
		const startPts = this.#firstVideoPts + this.#cutFrames;
		const audioFrames = this.#audioFramesUntil((startPts + frames) / this.frameRate, startPts / this.frameRate);
		if (!audioFrames) return undefined;
		const counts = this.#tracks.map((_, track) => (track === this.#audioTrack ? audioFrames : frames));
		if (this.#queues.some((queue, track) => queue.length < (counts[track] ?? 0))) return undefined;
		this.#cutFrames += frames;
		return {
			frames: this.#queues.map((queue, track) => queue.splice(0, counts[track])),
			endsSegment: this.#cutFrames % this.#segmentFrames === 0,
		};
	}

	/** How many queued audio frames go with video up to `endSeconds`; none until all of them are there. */
	#audioFramesUntil(endSeconds: number, startSeconds: number): number {
		const { sampleRate } = this.#tracks[this.#audioTrack] as AudioTrackConfig;
		const queue = this.#queues[this.#audioTrack] ?? [];
		// Before the first part's video there may be audio that belongs to nothing.
		while (this.#cutFrames === 0 && queue[0] && queue[0].pts < startSeconds * sampleRate) queue.shift();
		const limit = (endSeconds + AUDIO_OVERLAP_SECONDS) * sampleRate;
		const [first] = queue;
		if (!first) return 0;
		const wanted = Math.ceil((limit - first.pts) / AUDIO_FRAME_SAMPLES);
		return queue.length >= wanted ? Math.max(wanted, 0) : 0;
	}
}

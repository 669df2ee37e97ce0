import type { CodedFrame, Run, TrackConfig } from "../coded-frames.ts";
import { type FragmentTrack, fragment } from "./fragment.ts";
import { initSegment, timescale } from "./init-segment.ts";
import type { Cut } from "./part-cutter.ts";
import type { Rendition } from "./rendition.ts";
import type { Part } from "./segment-window.ts";

const AUDIO_FRAME_SAMPLES = 1024;

/** Makes the boxes of one run. Its media time at pts 0 is `baseMs`, whole milliseconds. */
export class RunMuxer {
	readonly #baseMs: number;

	constructor(baseMs: number) {
		this.#baseMs = baseMs;
	}

	init(rendition: Rendition): Buffer {
		return initSegment(rendition.tracks.map(({ config }) => config));
	}

	/** One part of a rendition. `startUs`: media time of its first frame, of video where there is video. */
	part(rendition: Rendition, cut: Cut, partNumber: number, name: string): Part & { startUs: number } {
		const tracks = rendition.tracks.map(({ index, config }) => ({ config, frames: cut.frames[index] ?? [] }));
		const bytes = fragment(
			partNumber,
			tracks.map(({ config, frames }, index) => this.#fragmentTrack(config, frames, index + 1)),
		);
		const [{ config, frames } = { config: undefined, frames: [] }] = tracks;
		const [first] = frames;
		if (!config || !first) throw new Error(`part ${name} has no frames`);
		const startUs = this.#us(config, first.pts);
		const endUs = this.#us(config, endPts(config, frames));
		return {
			name,
			bytes,
			startUs,
			durationUs: endUs - startUs,
			independent: config.kind === "audio" || first.keyframe,
		};
	}

	#fragmentTrack(config: TrackConfig, frames: CodedFrame[], trackId: number): FragmentTrack {
		const frameTicks = config.kind === "video" ? 1 : AUDIO_FRAME_SAMPLES;
		return {
			trackId,
			decodeTime: this.#ticks(config, frames[0]?.pts ?? 0),
			samples: frames.map(({ data, pts, keyframe }) => ({
				data,
				duration: this.#ticks(config, pts + frameTicks) - this.#ticks(config, pts),
				sync: config.kind === "audio" || keyframe,
			})),
		};
	}

	#ticks(config: TrackConfig, pts: number): number {
		// Each time is rounded by itself: the sum of the durations then never drifts from the count of frames.
		const sinceRun = config.kind === "video" ? Math.round((pts * timescale(config)) / config.frameRate) : pts;
		return Math.round((this.#baseMs * timescale(config)) / 1000) + sinceRun;
	}

	#us(config: TrackConfig, pts: number): number {
		return Math.round((this.#ticks(config, pts) * 1e6) / timescale(config));
	}
}

function endPts(config: TrackConfig, frames: CodedFrame[]): number {
	return (frames.at(-1)?.pts ?? 0) + (config.kind === "video" ? 1 : AUDIO_FRAME_SAMPLES);
}

/** Microseconds from pts 0 to the first picture of the run's first part. */
export function firstPictureUs({ tracks }: Run, cut: Cut): number {
	const [config] = tracks;
	const pts = cut.frames[0]?.[0]?.pts ?? 0;
	return config?.kind === "video" ? Math.floor((pts * 1e6) / config.frameRate) : 0;
}

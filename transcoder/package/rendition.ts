import type { Run, TrackConfig } from "../coded-frames.ts";
import { codecString } from "./codec-strings.ts";
import { partFrames } from "./part-cutter.ts";

/** What one media playlist carries: a rung with the sound, or the sound alone. */
export interface Rendition {
	/** Path segment: `720p`, `audio`. */
	name: string;
	contentType: "video/mp4" | "audio/mp4";
	/** Tracks of the run, video first. */
	tracks: { index: number; config: TrackConfig }[];
	/** The longest part there can be, in microseconds, rounded up. */
	partTargetUs: number;
	codecs: string[];
	/** Bits per second its tracks are held to. */
	maxBitrate: number;
}

/** The renditions of a run, best first and sound alone last. */
export function renditionsOf({ tracks }: Run): Rendition[] {
	const indexed = tracks.map((config, index) => ({ index, config }));
	const audio = indexed.filter(({ config }) => config.kind === "audio");
	return indexed.map((track) => {
		const { config } = track;
		const isVideo = config.kind === "video";
		const carried = isVideo ? [track, ...audio] : [track];
		return {
			name: isVideo ? config.name : "audio",
			contentType: isVideo ? "video/mp4" : "audio/mp4",
			tracks: carried,
			partTargetUs: Math.ceil(isVideo ? videoPartUs(config.frameRate) : longestAudioPartUs(config.sampleRate, tracks)),
			codecs: carried.map(({ config }) => codecString(config)),
			maxBitrate: carried.reduce((sum, { config }) => sum + config.maxBitrate, 0),
		};
	});
}

function videoPartUs(frameRate: number): number {
	return (partFrames(frameRate) / frameRate) * 1e6;
}

/** Sound is cut where the video is, so its parts alternate between two numbers of whole frames. */
function longestAudioPartUs(sampleRate: number, tracks: TrackConfig[]): number {
	const frameRate = tracks.find((track) => track.kind === "video")?.frameRate ?? 1;
	const frameUs = (1024 / sampleRate) * 1e6;
	return Math.ceil(videoPartUs(frameRate) / frameUs) * frameUs;
}

import type { VideoTrackConfig } from "../coded-frames.ts";
import { SEGMENT_SECONDS } from "./part-cutter.ts";
import type { Rendition } from "./rendition.ts";

/** Boxes around the samples, as a share of them. */
const BOXES = 0.02;
/** What an encoder may spend on top in one segment: what it saved up before, in seconds of its highest bitrate. */
const SAVED_SECONDS = { video: 1, audio: 0.1 };

/** Text of the multivariant playlist. `peakBitrate`: the highest of any whole segment so far, in bits per second. */
export function multivariantPlaylist(outputs: { rendition: Rendition; peakBitrate: number }[]): string {
	const lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-INDEPENDENT-SEGMENTS"];
	for (const { rendition, peakBitrate } of outputs) {
		const { name, tracks, codecs, maxBitrate } = rendition;
		const bandwidth = Math.ceil(Math.max(announcedPeak(tracks), peakBitrate));
		// What is measured over a slate says nothing of the pictures that follow: players would switch up too far.
		const attributes = [`BANDWIDTH=${bandwidth}`, `AVERAGE-BANDWIDTH=${maxBitrate}`, `CODECS="${codecs.join(",")}"`];
		const video = tracks
			.map(({ config }) => config)
			.find((config): config is VideoTrackConfig => config.kind === "video");
		if (video) attributes.push(`RESOLUTION=${video.width}x${video.height}`, `FRAME-RATE=${video.frameRate.toFixed(3)}`);
		lines.push(`#EXT-X-STREAM-INF:${attributes.join(",")}`, `${name}/index.m3u8`);
	}
	return `${lines.join("\n")}\n`;
}

function announcedPeak(tracks: Rendition["tracks"]): number {
	const peaks = tracks.map(
		({ config: { kind, maxBitrate } }) => maxBitrate * (1 + SAVED_SECONDS[kind] / SEGMENT_SECONDS + BOXES),
	);
	return Math.round(peaks.reduce((sum, peak) => sum + peak, 0));
}

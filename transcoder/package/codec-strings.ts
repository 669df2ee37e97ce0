import type { TrackConfig } from "../coded-frames.ts";

/** RFC 6381 codec name of a track, for CODECS. */
export function codecString(track: TrackConfig): string {
	if (track.kind === "audio") {
		const objectType = Buffer.from(track.audioSpecificConfig, "base64").readUInt8(0) >> 3;
		return `mp4a.40.${objectType}`;
	}
	const profileCompatibilityLevel = Buffer.from(track.avcC, "base64").subarray(1, 4);
	return `avc1.${profileCompatibilityLevel.toString("hex")}`;
}

import type { TrackConfig } from "../coded-frames.ts";
import { audioBitrate, type Ladder } from "../ladder.ts";
import { programmeFormat } from "../programme-format.ts";
import type { EncoderCare } from "./video-encoders.ts";

export interface EncoderEffort {
	/**
	 * Without it the highest rung's track has the frames of the second: every playlist goes on, at half the work. A ladder's
	 * only rung stays.
	 */
	topRung: boolean;
	care: EncoderCare;
}

/** The rungs that are encoded. */
export function encodedRungs(ladder: Ladder, { topRung }: EncoderEffort): Ladder {
	const [, second, ...others] = ladder;
	return second && !topRung ? [second, ...others] : ladder;
}

/** Which of the encoded rungs a video track of the ladder has its frames from. */
export function rungOfTrack(track: number, ladder: Ladder, rungs: Ladder): number {
	return Math.max(0, track - (ladder.length - rungs.length));
}

/** Of a run: named as the ladder says, and as large as what is in them. */
export function trackConfigs(
	{ ladder, rungs }: { ladder: Ladder; rungs: Ladder },
	{ avcC, audioSpecificConfig }: { avcC: (Buffer | undefined)[]; audioSpecificConfig: Buffer | undefined },
): TrackConfig[] {
	const { frameRate, sampleRate, channels } = programmeFormat;
	const video = ladder.map((own, track): TrackConfig => {
		const rung = rungOfTrack(track, ladder, rungs);
		const { width, height, maxBitrate } = rungs[rung] ?? own;
		const configuration = avcC[rung]?.toString("base64") ?? "";
		return { kind: "video", name: own.name, width, height, frameRate, maxBitrate, avcC: configuration };
	});
	const configuration = audioSpecificConfig?.toString("base64") ?? "";
	const maxBitrate = audioBitrate;
	return [...video, { kind: "audio", sampleRate, channels, maxBitrate, audioSpecificConfig: configuration }];
}

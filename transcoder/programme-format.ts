/** What is composed and handed to the encoder: I420 (BT.709, limited range) of the ladder's highest size, and interleaved stereo. */
export const programmeFormat = {
	/** Ticks, and so pictures, per second. */
	frameRate: 30,
	/** Hz. */
	sampleRate: 48_000,
	channels: 2,
	/** Stereo samples that belong to one tick. */
	samplesPerTick: 1600,
} as const;

export interface Size {
	width: number;
	height: number;
}

/** Bytes of one I420 picture. */
export const pictureBytes = ({ width, height }: Size): number => (width * height * 3) / 2;

/** What is composed and handed to the encoder: I420 (BT.709, limited range) and interleaved stereo. */
export const programmeFormat = {
	width: 1280,
	height: 720,
	/** Ticks, and so pictures, per second. */
	frameRate: 30,
	/** Hz. */
	sampleRate: 48_000,
	channels: 2,
	/** Stereo samples that belong to one tick. */
	samplesPerTick: 1600,
} as const;

/** Bytes of one I420 picture. */
export const pictureBytes = (programmeFormat.width * programmeFormat.height * 3) / 2;

/** Browsers may wait for ever for the last few frames of a stream whose tracks do not end at one moment. */
const LAST_FRAMES_S = 0.25;

/** End of the buffered range the playhead is in; the playhead itself when it is in none. */
export function endOfBuffer({ buffered, currentTime }: HTMLVideoElement): number {
	for (let i = 0; i < buffered.length; i++) {
		if (buffered.start(i) <= currentTime + 0.05 && buffered.end(i) >= currentTime) return buffered.end(i);
	}
	return currentTime;
}

/** A live stream has no duration before its last segment is known. */
export function isAtEnd({ duration, currentTime }: HTMLVideoElement): boolean {
	return Number.isFinite(duration) && duration - currentTime < LAST_FRAMES_S;
}

/** Goes on with the next buffered range, when the one before has been played to its end. */
export function skipHole(video: HTMLVideoElement): void {
	const { buffered, currentTime } = video;
	if (endOfBuffer(video) - currentTime > 0.1) return;
	for (let i = 0; i < buffered.length; i++) {
		const startS = buffered.start(i);
		if (startS > currentTime && buffered.end(i) - startS > 0.1) {
			video.currentTime = startS + 0.001;
			return;
		}
	}
}

/** Time as the rest of the program sees it, so that a test can hold it still. */
export interface Clock {
	/** Milliseconds since the Unix epoch. */
	now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

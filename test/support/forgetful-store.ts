import type { TimelineStore } from "../../transcoder/timeline.ts";

/** Keeps nothing: what is published lives in memory alone, as with a disk that never works. */
export const forgetfulStore: TimelineStore = {
	record() {},
	holdsSegment: () => false,
	holdsRun: () => false,
	abandon() {},
	remove() {},
	end() {},
};

import type { CodedFrame, Run } from "./coded-frames.ts";

const SAMPLES_PER_AAC_UNIT = 1024;
/** An encoder has no more under way; a clock that says so was set meanwhile. */
const MOST_UNDER_WAY_S = 2;

/** What takes a programme's runs and frames; the packager. */
interface RunTaker {
	startRun(run: Run): void;
	/** Says whether something was published. */
	add(frame: CodedFrame): boolean;
	endRun(): void;
}

/**
 * Between a programme's process and what publishes it. While it is shut, nothing passes; what passes once it is open was all
 * captured afterwards, and begins at the next picture at which every rung can be decoded.
 */
export class PublicationGate {
	#taker: RunTaker | undefined;
	#run: Run | undefined;
	/** Where what was seen of any track ends, in frames of video. */
	#endPts = 0;
	/** Before that nothing is let through. */
	#firstPts = 0;
	/** When it was opened, ms since the epoch. */
	#openedMs = Number.NEGATIVE_INFINITY;
	/** Video tracks that have begun. */
	readonly #begun = new Set<number>();

	/** Everything that is captured from `nowMs` on goes to `taker`. */
	open(taker: RunTaker, nowMs: number): void {
		this.#taker = taker;
		this.#openedMs = nowMs;
		if (!this.#run) return;
		this.#firstPts = this.#firstOf(this.#run);
		taker.startRun(this.#run);
	}

	startRun(run: Run): void {
		this.#run = run;
		this.#endPts = 0;
		this.#firstPts = this.#firstOf(run);
		this.#begun.clear();
		this.#taker?.startRun(run);
	}

	add(frame: CodedFrame): boolean {
		if (!this.#taker) {
			this.#endPts = Math.max(this.#endPts, this.#endOf(frame));
			return false;
		}
		if (this.#run?.tracks[frame.track]?.kind === "video" && !this.#begun.has(frame.track)) {
			// Keyframes of all rungs are of the same pictures.
			if (!frame.keyframe || frame.pts < this.#firstPts) return false;
			this.#begun.add(frame.track);
		}
		// Sound from before the first picture is let go by what cuts the parts.
		return this.#taker.add(frame);
	}

	endRun(): void {
		this.#run = undefined;
		this.#taker?.endRun();
	}

	/** The first picture that was captured when it was open; what was captured before may still be under way. */
	#firstOf({ startsAtMs, tracks: [video] }: Run): number {
		if (video?.kind !== "video") return this.#endPts;
		const captured = Math.ceil(((this.#openedMs - startsAtMs) * video.frameRate) / 1000);
		return Math.max(this.#endPts, Math.min(captured, this.#endPts + MOST_UNDER_WAY_S * video.frameRate));
	}

	#endOf({ track, pts }: CodedFrame): number {
		const config = this.#run?.tracks[track];
		const [video] = this.#run?.tracks ?? [];
		if (config?.kind !== "audio" || video?.kind !== "video") return pts + 1;
		return Math.ceil(((pts + SAMPLES_PER_AAC_UNIT) * video.frameRate) / config.sampleRate);
	}
}
